"""Run keywords for :mod:`project_library`: ``keyword_worker.py MODULE``, then a line of JSON for each, both ways.

The first answer names the keywords and their arguments. Ends with its standard input.
"""

import importlib
import inspect
import json
import os
import sys
from collections.abc import Callable
from typing import Any


def main() -> None:
    """Standard output carries answers only; what keywords print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    keywords = importlib.import_module(sys.argv[1]).Keywords()
    known = dict(inspect.getmembers(keywords, inspect.ismethod))
    public = {name: method for name, method in known.items() if not name.startswith("_")}
    described = {name: list(inspect.signature(method).parameters) for name, method in public.items()}
    print(json.dumps({"result": described}), file=answers, flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(run(public[name], arguments)), file=answers, flush=True)


def run(keyword: Callable[..., Any], arguments: list[Any]) -> dict[str, Any]:
    """The keyword's result, or its error."""
    try:
        return {"result": keyword(*arguments)}
    except Exception as error:  # Robot Framework reports whatever it is
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
