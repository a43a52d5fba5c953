"""Short questions with a key: the pages print them from here, and a test of one's own can too.

A chapter's page says ```` ```{question} Q4.1 ```` where the question is to be guessed before one
reads on. Choices stand in the text in words; as a list they are for a form to tick.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question, its key, and how an answer is judged: by a range, or by the choice that is right.

    Text and key are MyST, with formulas between dollars. `setting` is what the page has said
    before, so that setting and text can be understood without the page. The first choice is the
    right one; whoever shows choices shuffles them. On the page a guess with `power` is a power
    of ten, one for each of what is `listed`; without it, it is one of these.
    """

    number: str
    text: str
    key: str
    setting: str = ""
    between: tuple[float, float] | None = None
    choices: tuple[str, ...] = ()
    power: bool = False
    listed: tuple[str, ...] = ()

    @property
    def chapter(self) -> int:
        """The chapter on whose page it stands."""
        return int(self.number[1:].split(".")[0])

    @property
    def stem(self) -> str:
        """Setting and text for a form outside the book."""
        return plain(f"{self.setting} {self.text}".strip())


def plain(text: str) -> str:
    r"""A text, key or choice without the book's own roles and macros.

    >>> plain(r"{given}`0.1` is $\E[x]$")
    '0.1 is $\\operatorname{E}[x]$'
    """
    text = re.sub(r"\{given\}`([^`]*)`", r"\1", text)
    return re.sub(r"\\(E|Var)\b", r"\\operatorname{\1}", text)


def get_question(number: str) -> Question:
    """The question of this number. Raises ValueError where there is none.

    >>> get_question("Q4.1").between
    (0.2, 0.3)
    """
    for question in QUESTIONS:
        if question.number == number:
            return question
    raise ValueError(
        f"question is {number!r}; allowed are {', '.join(q.number for q in QUESTIONS)}."
    )


QUESTIONS: tuple[Question, ...] = (
    Question(
        "Q0.1",
        "$X$ is −1, 0 or 1 with equal chances, and $Y = X^2$. Are the two correlated? Are they "
        "independent?",
        r"They are not correlated: $\E[XY] = \E[X^3] = 0 = \E[X]\,\E[Y]$. But they are not "
        "independent, since $X$ says exactly what $Y$ is.",
        choices=(
            "Not correlated, and not independent.",
            "Not correlated, and so independent.",
            "Correlated, and so not independent.",
            "Correlated, but independent.",
        ),
    ),
    Question(
        "Q0.2",
        "The mean of 400 independent draws with standard deviation 20 comes out as 3. Could the "
        "expectation be 0?",
        r"The mean has the standard error $20/\sqrt{400} = 1$. It lies three of them from 0, and "
        "that happens by chance once in 370 times. So it could, but you should doubt it. This book "
        "calls a formula false at five.",
        choices=(
            "It could, but by chance that happens only once in 370 times.",
            "Easily: 3 is far less than the standard deviation of 20.",
            "No: the mean of so many draws is the expectation.",
            "It could, and by chance that happens once in three times.",
        ),
    ),
    Question(
        "Q0.3",
        "`X` has the shape (32, 10) and `W` has (10, 4). A loss, a single number, is computed from "
        "`Z = X @ W`, and `G` holds its derivatives with respect to the entries of `Z`. What is "
        "its derivative with respect to `W`, and which shape has it?",
        "`X.T @ G`, with the shape (10, 4) of `W` itself.",
        choices=(
            "`X.T @ G`, with the shape (10, 4).",
            "`G @ W.T`, with the shape (32, 10).",
            "`G.T @ X`, with the shape (4, 10).",
            "`X @ G`, with the shape (32, 4).",
        ),
    ),
    Question(
        "Q1.1",
        "From how many of the five starts does gradient descent find the best line?",
        "From all five: the loss of a line is a bowl, with one lowest point.",
        setting="A line $y = wx + b$ is fitted to 41 points by gradient descent on the mean "
        "squared error, at a small learning rate, from five starts that lie far apart.",
        between=(5, 5),
        listed=("from none", "from one", "from some", "from all five"),
    ),
    Question(
        "Q1.2",
        "Three starts, 1,000 steps each, biases 0. **Zeros**: every weight is 0. **Constants**: "
        "every weight is 1. **Random**: every weight is drawn from a bell curve of std 1. Which of "
        "the three networks can follow the wave?",
        "Only the random one: under the two others all units stay equal.",
        setting="A network with one hidden layer of 8 tanh units is to follow a wave.",
        choices=(
            "Only the random one.",
            "The random one and the constants.",
            "All three.",
            "The constants, and no other.",
        ),
    ),
    Question(
        "Q2.1",
        "How large is a typical number that comes out of layer ten? A power of ten is enough.",
        r"About $3 \cdot 10^{-7}$: each layer multiplies by $\sqrt{500} \cdot 0.01 \approx 0.22$.",
        setting="Ten layers of 500 tanh units without biases. Every weight is drawn from a bell "
        "curve of standard deviation 0.01. The inputs are standard normal numbers.",
        between=(2e-8, 5e-6),
        power=True,
    ),
    Question(
        "Q2.2",
        "With standard normal weights nearly every tanh is saturated, and the slope of a saturated "
        "tanh is close to 0. What happens to the gradient on its way from layer ten to layer one: "
        "does it vanish, stay, or explode?",
        "It explodes. A few units stand on the steep part, and behind each is a weight of size 1.",
        setting="Ten layers of 500 tanh units.",
        choices=("It explodes.", "It vanishes.", "It stays as it is."),
        listed=("It vanishes", "It stays", "It explodes"),
    ),
    Question(
        "Q3.1",
        "How large is a typical output in the second case, compared with the first? The same, "
        r"about 22 times larger (that is $\sqrt{500}$), or smaller?",
        "The same: the weights' signs are random, so most of the sum cancels in either case.",
        setting="One unit adds up 500 inputs with 500 independent random weights of mean 0 and "
        "variance 1/500, drawn anew each time. First the inputs are 500 independent standard "
        "normal numbers, then 500 copies of one such number.",
        choices=("The same.", "About 22 times larger.", "About 22 times smaller."),
        listed=("the same", "about 22 times larger", "smaller"),
    ),
    Question(
        "Q4.1",
        "Now send a gradient back, from the 50 units at the top to the 800 inputs. It sets out "
        "with size 1. How large is a typical number of it when it arrives? As large, larger, or "
        "smaller, and by which factor?",
        "A quarter: its second moment is multiplied by the ratio of the widths, 50/800 = 1/16.",
        setting="Eight linear layers that get narrower, from 800 inputs down to 50 units, each "
        r"with weights of std $1/\sqrt{\text{fan\_in}}$, so that a typical number keeps its size "
        "on the way up.",
        between=(0.2, 0.3),
        listed=("16 times as large", "4 times as large", "as large", "a quarter", "a sixteenth"),
    ),
    Question(
        "Q5.1",
        "The two starts differ by a factor of √2. Send a signal of size 1 through 30 layers of "
        "ReLU. Behind the second network its size is 1 again, on average over the draws. How large "
        "is it behind the first? Write down a power of ten.",
        r"$2^{-15}$, about $3 \cdot 10^{-5}$: each layer loses a factor of √2.",
        setting="Two networks of 30 layers: in one every weight's std is "
        r"$\sqrt{1/n}$, in the other $\sqrt{2/n}$.",
        between=(1e-5, 1e-4),
        power=True,
    ),
    Question(
        "Q5.2",
        "On the way back a gradient meets only the slope of the ReLU, which is 0 or 1. Is the "
        "factor for its second moment a half again, or something else? Does it depend on how large "
        "the $z$ are?",
        "A half again, and the size of $z$ plays no part: only its sign counts.",
        setting="A ReLU keeps half of the second moment of a symmetric $z$.",
        choices=(
            "A half, however large the $z$ are.",
            "A half, if the $z$ are small.",
            "A quarter, however large the $z$ are.",
            "1, since a slope of 1 leaves the gradient alone.",
        ),
    ),
    Question(
        "Q6.1",
        "Sixty layers of 256 GELUs, gain {given}`1.5335`, an input of size exactly 1, ten draws of "
        "the weights. The map says that $q$ stays at 1. What do the ten networks do?",
        "They leave 1, up or down: a small difference grows from layer to layer.",
        setting=r"With the weights' variance $\text{gain}^2/n$ the mean-field map has a fixed "
        "point at $q = 1$, and its slope there is greater than 1.",
        choices=(
            "They leave 1, some upwards and some downwards.",
            "They stay at 1.",
            "They all grow without bound.",
            "They go away from 1 and come back to it.",
        ),
    ),
    Question(
        "Q7.1",
        "Which $n$ keeps the size of the signal: 9, 16, 64, 144 or 576? Which keeps the "
        "gradient's? And if the kernel moves two places at a time (a **stride** of 2), which of "
        "the two changes?",
        "144 for the signal, which is 9 times 16, and 576 for the gradient. With a stride of 2 the "
        "144 stays, and the 576 becomes 144.",
        setting="A convolution has 3×3 kernels that lead from 16 channels to 64.",
        choices=(
            "144 for the signal, 576 for the gradient; a stride of 2 changes the 576.",
            "144 for the signal, 576 for the gradient; a stride of 2 changes the 144.",
            "576 for the signal, 144 for the gradient; a stride of 2 changes both.",
            "16 for the signal, 64 for the gradient; a stride of 2 changes neither.",
        ),
    ),
    Question(
        "Q7.2",
        r"You write `nn.Linear(500, 500)` and say no more about it. How large is $n\Var(w)$: 2, 1, "
        "or a third? And the biases: are they 0?",
        r"A third, and the biases are not 0: both are uniform on $\pm 1/\sqrt n$.",
        setting="PyTorch's dense layer.",
        choices=(
            "A third, and the biases are not 0.",
            "A third, and the biases are 0.",
            "2, and the biases are 0.",
            "1, and the biases are not 0.",
        ),
    ),
    Question(
        "Q8.1",
        "How much smaller is the gradient at layer 1 than at layer 10? And how many of the units "
        "are saturated, say with a slope below a hundredth?",
        "Smaller by many powers of ten, and none of them is saturated: a slope of a quarter is the "
        "most that a sigmoid has.",
        setting="Ten layers of sigmoids, 5 or 8 units wide, as PyTorch starts them.",
        choices=(
            "Smaller by many powers of ten, though hardly any unit is saturated.",
            "Smaller by many powers of ten, since most units are saturated.",
            "About as large, and hardly any unit is saturated.",
            "About as large, though most units are saturated.",
        ),
        power=True,
        listed=("the gradient at layer 1, in units of that at layer 10",),
    ),
    Question(
        "Q9.1",
        r"The article sets what is above 100 to 100, so $c = 100$. What happens at $\eta =$ "
        "{given}`0.1` from $x = 10$? And from $x = 7$?",
        "From 10 it is at 0 after one step, by luck. From 7 it never leaves 7 and −3.",
        setting="Gradient descent on $x^4$ with its gradient clipped by value at $c$.",
        choices=(
            "From 10 it lands on 0; from 7 it goes to −3 and back, for ever.",
            "From both it comes to rest at 0, from 7 sooner.",
            "From 10 it blows up; from 7 it lands on 0.",
            "From both it goes from side to side, for ever.",
        ),
    ),
    Question(
        "Q9.2",
        "In which of the two mirror images is the damage easier to repair?",
        "In the one that vanishes: Adam brings back a size. No remedy brings back the other.",
        setting="Ten hidden ReLU layers with weights half as large as He's, or twice as large. "
        "Plain descent, clipping and Adam each try their best learning rate.",
        choices=(
            "In the one with half of He's weights, whose gradient vanishes.",
            "In the one with twice He's weights, whose gradient explodes.",
            "In neither: all remedies fail in both.",
        ),
    ),
    Question(
        "Q10.1",
        "The weights are ten times as large, and the loss is the same. Is the gradient with "
        "respect to the weights ten times as large, the same, or a tenth? How much slower does the "
        "layer learn at the same learning rate?",
        "A tenth, and a hundred times slower: a smaller step on larger weights.",
        setting="A layer is followed by batch normalization, which takes the scale of its weights "
        "out again.",
        choices=(
            "A tenth, and a hundred times slower.",
            "A tenth, and ten times slower.",
            "The same, and ten times slower.",
            "Ten times as large, and just as fast.",
        ),
    ),
    Question(
        "Q10.2",
        "All weights are 0, and every hidden layer is normalized. The normalization divides by a "
        "std, and so blows small signals up. Does it free the zeros?",
        "No, with two hidden layers or more: all hidden weights stay at 0.",
        setting="A network with several hidden layers.",
        choices=(
            "No: the hidden weights stay at 0.",
            "Yes: they learn as from a random start.",
            "Yes, but all units stay equal.",
        ),
    ),
    Question(
        "Q11.1",
        "Which of them read {given}`80%` of digits that they have not seen, within 3,000 steps? "
        "After how many steps?",
        "The last three. Xavier takes about 2,000 steps; with the sigmoid's gain, and with batch "
        "normalization, it is about 200.",
        setting="Four hidden layers of 256 sigmoids learn MNIST by plain gradient descent, 100 "
        "digits at a time, at a learning rate of 0.5, from five starts: zeros; normal weights of "
        "std 0.01; Xavier; Xavier with the sigmoid's gain; std 0.01 with batch normalization.",
        choices=(
            "The last three: Xavier after some 2,000 steps, the two others after some 200.",
            "The last three, all after some 200 steps.",
            "All but the zeros, the small weights last of all.",
            "The one with batch normalization, and no other.",
        ),
    ),
    Question(
        "Q12.1",
        "A chain of matrices, with nothing between them that bends, is to learn a given matrix. "
        "With four orthogonal matrices it takes some ten steps of gradient descent. How many with "
        "32? And how many if the 32 matrices are drawn entry by entry, with the variance $1/n$ "
        "that keeps a signal's size?",
        "About as many with 32 orthogonal matrices; many times more where the entries are drawn, "
        "if it gets there at all.",
        choices=(
            "About as many with orthogonal matrices; many times more with entries that are drawn.",
            "About as many in both cases.",
            "About eight times as many in both cases.",
            "About eight times as many with orthogonal matrices; about as many with entries that "
            "are drawn.",
        ),
    ),
    Question(
        "Q13.1",
        "Without the second line, how many times is the stream's second moment larger behind the "
        "24 branches than in front of them: 2, 20, or hundreds? And what becomes of the gradient?",
        "Hundreds of times larger; and the squared gradient is hundreds of times larger at the "
        "bottom than at the top.",
        setting="A GPT of 12 normalized blocks with two residual branches each, before training. "
        r"The second line of its recipe divides the last weights of each branch by $\sqrt{24}$.",
        choices=(
            "Hundreds; the squared gradient is hundreds of times larger at the bottom.",
            "20; the gradient is the same at the top and at the bottom.",
            "2; the gradient is the same at the top and at the bottom.",
            "Hundreds; the squared gradient is hundreds of times smaller at the bottom.",
        ),
    ),
)
