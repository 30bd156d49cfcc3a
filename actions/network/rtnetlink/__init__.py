"""Changes over rtnetlink(7): one request per step, each acknowledged by the kernel."""
