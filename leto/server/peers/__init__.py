"""The other nodes: links to them, and who of them is a member.

Reading order: `link` is one stream, `routes` says when a member is dialled, `links` keeps
a link to each peer, `membership` answers JOIN and LEAVE, `joining` asks for admission,
`door` tells nodes from people on one port.
"""
