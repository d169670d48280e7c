"""Whose access tokens are refused before they end: what a process that checks tokens must know."""

from chassis.denied.feed import DenyFeed
from chassis.denied.list import LEEWAY, LONGEST_TOKEN, DenyList, NotHeardYet

__all__ = ["LEEWAY", "LONGEST_TOKEN", "DenyFeed", "DenyList", "NotHeardYet"]
