"""Reports as JUnit XML, which test dashboards of continuous integration read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from augment.report.judged import Case, Judged

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# what XML 1.0 cannot hold, not even escaped (section 2.2 of the recommendation)
UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(results: Sequence[Judged]) -> str:
    """Per result a suite of its gates and one of its checks, a test case each.

    What failed is a failure, what is not shown is skipped; a result without a report is an error.
    """
    root = ElementTree.Element("testsuites", name="augment")
    for result in results:
        if result.report is None:
            suite = _suite(root, result.name, [])
            case = ElementTree.SubElement(
                suite, "testcase", classname="augment", name=_spoken(result.name)
            )
            _told(case, "error", result.error)
            suite.set("tests", "1")
            suite.set("errors", "1")
            continue
        if gates := result.gate_cases():
            _suite(root, f"{result.name}: gates", gates)
        _suite(root, f"{result.name}: checks", result.check_cases())
    ElementTree.indent(root)
    return HEAD + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(root: ElementTree.Element, name: str, cases: list[Case]) -> ElementTree.Element:
    states = [case.state for case in cases]
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        name=_spoken(name),
        tests=str(len(cases)),
        failures=str(states.count("fail")),
        errors="0",
        skipped=str(states.count("not shown")),
    )
    for case in cases:
        place = ElementTree.SubElement(
            suite, "testcase", classname=f"augment.{case.group}", name=_spoken(case.name)
        )
        if case.state != "pass":
            _told(place, "failure" if case.state == "fail" else "skipped", case.sentence)
    return suite


def _told(case: ElementTree.Element, how: str, sentence: str) -> None:
    ElementTree.SubElement(case, how, message=_spoken(sentence))


def _spoken(text: str) -> str:
    """The text with what no XML may hold spelt out."""
    return UNSPEAKABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
