"""Many calls on one machine: found, queued, analysed by several processes, kept, and gone on with.

``discover`` (with ``manifest`` and ``items``) says which calls there are; ``key`` what decides a
result; ``intake`` (with ``scout`` and ``seen``) makes tasks of them; ``run`` hands these to
``worker`` processes of a ``pool``; ``progress`` shows how far it is, ``survey`` asks the store what
became of it. ``rejudge`` applies new limits to all that is stored.
"""
