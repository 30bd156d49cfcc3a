"""Links, addresses and routes over rtnetlink, rtnetlink(7): one dump each, whatever their number."""
