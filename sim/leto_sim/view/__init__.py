"""A run as a page to look at: what happened, step by step.

Reading order: `recording` (what is written down of a run), `document` (the same as
compact JSON), `page` (the file), and the page itself: `page.html`, `page.css`, and the
parts of its program in `program/`, in the order that `page` names.
"""
