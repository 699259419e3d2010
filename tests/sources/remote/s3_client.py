"""Runs commands, a JSON list of lists on standard input, and prints what came of each."""

import json
import sys

from tests.cli.in_process import augment
from tests.few_trees import judged_by_few_trees

with judged_by_few_trees():
    done = [augment(*command) for command in json.load(sys.stdin)]
print(json.dumps([[d.returncode, d.stdout.decode(), d.stderr.decode()] for d in done]))
