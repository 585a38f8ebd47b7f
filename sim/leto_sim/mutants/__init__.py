"""The simulator is tested by breaking what it simulates: planted bugs, and how soon each dies.

Read `planted` (what a planted bug is, and how it is planted), then `hunting` (one bug, in
a process of its own), `hunt` (that process, and `seeds`, which it runs), `matrix` (all of
them) and `page` (where the matrix is written down).
"""
