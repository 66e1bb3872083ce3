"""Which protocol version two sides speak: a version is 1 to 253, and a side may accept some before its own."""


def common(ours, our_older, theirs, their_older):
    """Return the version that both speak, the lower of the two; 0 when one side finds that too old.

    `theirs` and `their_older` as received: negative (not available, error) is no version and no older one.
    """
    if theirs < 1:
        return 0
    if their_older < 0:
        their_older = 0
    spoken = ours if ours < theirs else theirs
    if spoken < ours - our_older or spoken < theirs - their_older:
        return 0
    return spoken
