"""The Python sample of the reference page runs with nothing but its placeholders replaced. The Go and Java samples
run beside it in conformance/go and conformance/java.
"""
import os
import pathlib
import re
import subprocess
import sys

import pytest

PAGE = pathlib.Path(__file__).resolve().parents[3] / "shared/reference/hss-export-asset-fingerprints.en.txt"


def python_sample():
    text = PAGE.read_text()
    start = text.index("# coding: utf-8")
    end = re.search(r"\n( 1\n 2\n|package main)", text[start:]).start()
    return text[start : start + end]


def test_the_python_sample_reaches_us_and_prints_what_is_missing(credentials, tmp_path):
    if not PAGE.exists() and "CI" not in os.environ:
        pytest.skip("the reference pages are not here")
    program = python_sample().replace("{project_id}", credentials["project_id"]).replace("<YOUR REGION>", credentials["region"])
    file = tmp_path / "sample.py"
    file.write_text(program)
    done = subprocess.run([sys.executable, file], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    status, request_id, code, message = done.stdout.strip().splitlines()[:4]
    assert (status, code) == ("400", "HSS.0001")
    assert request_id != "None"
    assert "asset_type" in message
