"""Fixtures that several folders of tests share."""

from installed import initbook_alone

__all__ = ["initbook_alone"]
