"""One file a revision, oldest first; none is changed once it has been released."""
