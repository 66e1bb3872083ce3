"""What ends a run when a board's program, or what should run it, fails."""


class NodeFailure(Exception):
    """A node ended, stalled, printed a traceback or broke the link; the message holds what it printed."""

    def __init__(self, node: str, reason: str, output: str) -> None:
        super().__init__(
            f"{node}: {reason}" + (f"\n--- {node} printed ---\n{output.rstrip()}" if output else "")
        )
        self.node = node
        self.reason = reason
        self.output = output
