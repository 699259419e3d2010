"""Names of what lies in the folder of a result, and beside it, wherever that is."""

MANIFEST = "manifest.json"  # every file of a result with its digest, written last
PARTIAL = ".partial"  # in the folder: where an unfinished result is built, see `work.store`
REJECTED = ".rejected"  # ends the name of the folder of a result that a gate rejected
