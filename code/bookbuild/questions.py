"""The directive {question}: a question of initbook/exercises/questions.py, printed on its page.

```{question} Q4.1              to be guessed before reading on; the page's text settles it

```{question} Q0.2 fourth       "Fourth." before it, and its key folded below
"""

import inspect

from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList

from initbook.exercises import questions

DIRECTIVE = r"^`{3,}\{question\} *(.+)\n`{3,}$"


def printed(argument):
    """The MyST that stands on the page for a directive's argument."""
    number, _, ordinal = argument.partition(" ")
    question = questions.get_question(number)
    if not ordinal:
        power = " power" if question.power else ""
        listed = "".join(f"- {item}\n" for item in question.listed)
        return (
            f":::{{admonition}} Guess before you read on\n:class: guess{power}\n"
            f"{question.text}\n\n{listed}:::\n"
        )
    return (
        f"**{ordinal.capitalize()}.** {question.text}\n\n"
        f":::{{admonition}} Answer to the {ordinal}\n:class: hint dropdown\n{question.key}\n:::\n"
    )


class QuestionDirective(Directive):
    required_arguments, optional_arguments = 1, 1

    def run(self):
        env = self.state.document.settings.env
        env.note_dependency(inspect.getsourcefile(questions))
        holder = nodes.Element()
        lines = StringList(
            printed(" ".join(self.arguments)).splitlines(), env.doc2path(env.docname)
        )
        self.state.nested_parse(lines, self.content_offset, holder)
        return holder.children


def setup(app):
    app.add_directive("question", QuestionDirective)
