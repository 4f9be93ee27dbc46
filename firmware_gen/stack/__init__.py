"""How deep the stack of a firmware can get, known before it runs.

The compiler says what each function takes and whom it calls (:mod:`callgraph`), the linked program what the C library's
functions do (:mod:`library`), a table who is called through pointers (:mod:`pointers`). The deepest way from reset, and
on top of it what interrupts take, is the worst case (:mod:`worst_case`, :mod:`interrupts`, :mod:`analysis`).
"""
