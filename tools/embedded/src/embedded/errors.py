"""What can go wrong on the user's machine, each as a sentence that says what to do."""


class EmbeddedError(Exception):
    """The stack cannot start or go on; the message is for the person at the keyboard."""
