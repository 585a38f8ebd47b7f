"""The client side of a node: from a client's bytes to its replies' bytes.

Reading order: `connections` cuts requests out of bytes and sends replies in order,
`slots` are the replies that are owed, `connection_commands` are those that a
connection answers by itself, `clients` has all connections, `errors` what a client
is told when there is no better answer.
"""
