"""The storage of a recorded machine: files, replies and failures, recorded once and replayed."""
