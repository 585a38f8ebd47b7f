"""The other nodes: links to them, and who of them is a member.

Reading order: `links` keeps a connection to each peer, `membership` answers JOIN and
LEAVE, `joining` asks for admission, `door` tells nodes from people on one port.
"""
