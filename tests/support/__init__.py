"""What tests share: real servers, databases, subprocesses and waiting."""
