"""The plant's models held against published numbers and against anyone's own test."""
