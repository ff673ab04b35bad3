"""Generates a Python client of each document with openapi-python-client and compiles it.

Usage: python python_client.py EXPORT_DIR WORK_DIR
A document passes if the generator omits nothing and warns about nothing.
"""

import compileall
import contextlib
import shutil
import sys
from pathlib import Path

import openapi_python_client
from openapi_python_client.config import Config, ConfigFile, MetaType

exported, work = Path(sys.argv[1]), Path(sys.argv[2])
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)

documents = sorted(exported.glob("*/openapi.json"))
passed = 0
for document in documents:
    module = document.parent.name
    output = work / module
    config = Config.from_sources(
        # Formatting needs another program and finds no further faults.
        ConfigFile(post_hooks=[]),
        MetaType.NONE,
        document_source=document,
        file_encoding="utf-8",
        overwrite=True,
        output_path=output,
    )
    # The generator prints the folder of each client.
    with contextlib.redirect_stdout(None):
        errors = openapi_python_client.generate(config=config)
    findings = [f"{error.header} {error.detail}" for error in errors]
    if not findings and not compileall.compile_dir(output, quiet=1):
        findings.append("the generated client does not compile")
    for finding in findings:
        print(f"{module}: {finding}")
    passed += not findings
print(f"{passed} of {len(documents)}")
sys.exit(passed != len(documents) or passed == 0)
