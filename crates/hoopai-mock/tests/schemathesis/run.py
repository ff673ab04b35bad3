#!/usr/bin/env python3
"""Runs schemathesis against a running hoopai-mock, module by module.

    run.py EXPORTED URL [--examples N] [--seed N] [MODULE...]

EXPORTED is the output of `cargo xtask export`. The platform rejects undeclared keys of requests, and
the documents do not declare that. So the schemas of requests are closed first.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

TOKEN = "pit-00000000-0000-4000-8000-000000000001"
# A valid request that names an unknown item gets 400 or 404.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "404"]
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "413", "415", "422"]
"""
# Expected errors that the interface does not declare, counted separately: numbers that are no counts,
# too large pages, a custom object record without a location, unknown users, and the guide's error for
# an email address.
UNDECLARED = (
    r"""(- ST\d+ Schema-valid request rejected\n.*"message":"""
    r"""(\[?"\w+ must (be a number string|be an integer number|not be (less|greater) than \d+)"""
    r"""|"This location is not accessible|"The user does not exist)"""
    r"""|- ST108 Response violates schema\n.*"message":"Validation failed")"""
)
CHECKS = [
    "not_a_server_error",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
]


def closed(document):
    """Returns the document with closed copies of the schemas of requests."""
    schemas = document.get("components", {}).get("schemas", {})
    copies = {}

    def close(node):
        if isinstance(node, list):
            return [close(item) for item in node]
        if not isinstance(node, dict):
            return node
        if isinstance(node.get("$ref"), str):
            name = node["$ref"].rsplit("/", 1)[-1]
            if name not in copies:
                copies[name] = None
                copies[name] = close(schemas[name])
            return {"$ref": f"#/components/schemas/{name}.closed"}
        made = {key: close(value) for key, value in node.items()}
        # A field can be named `properties`; its value is a schema with a type or a reference.
        if made.get("type") == "object" and isinstance(made.get("properties"), dict) and made["properties"]:
            made.setdefault("additionalProperties", False)
        # The platform accepts fields that its documents mark as read-only.
        if made.get("readOnly") is True:
            del made["readOnly"]
        return made

    for item in document["paths"].values():
        for operation in item.values():
            for kind, media in operation.get("requestBody", {}).get("content", {}).items():
                media["schema"] = close(media.get("schema", {}))
                if kind == "multipart/form-data":
                    form = copies.get(media["schema"].get("$ref", "").rpartition("/")[2].removesuffix(".closed"))
                    form = form or media["schema"]
                    for name, field in form.get("properties", {}).items():
                        # In a form, an array of one item and the item have the same encoding.
                        if field.get("type") == "array":
                            form["properties"][name] = {"anyOf": [field, field["items"]]}
            for parameter in operation.get("parameters", []):
                parameter["schema"] = close(parameter["schema"])
    schemas.update({f"{name}.closed": schema for name, schema in copies.items()})
    return document


def run(module, source, arguments, folder):
    document = closed(json.loads(source.read_text()))
    file = folder / f"{module}.json"
    file.write_text(json.dumps(document))
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    command = ["schemathesis", "--config-file", str(config), "run", str(file), "--url", arguments.url]
    command += ["--header", f"Authorization: Bearer {TOKEN}", "--checks", ",".join(CHECKS)]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(arguments.examples)]
    command += ["--seed", str(arguments.seed), "--continue-on-failure", "--warnings", "off"]
    command += ["--suppress-health-check", "all"]
    if module == "oauth":
        # The token endpoint has OAuth's error format, and companies and locations must exist. Other
        # tests cover both.
        command += ["--exclude-path", "/oauth/token", "--exclude-checks", "positive_data_acceptance"]
    done = subprocess.run(command, capture_output=True, text=True)
    cases = re.search(r"^\s+(\d+) generated", done.stdout, re.MULTILINE)
    found = re.split(r"^\d+\. Test Case ID", done.stdout.partition("= SUMMARY =")[0], flags=re.MULTILINE)[1:]
    pages = [one for one in found if one.count("- ST") == 1 and re.search(UNDECLARED, one, re.DOTALL)]
    good = cases is not None and len(found) == len(pages) and "= ERRORS =" not in done.stdout
    good = good and (done.returncode == 0 or bool(pages))
    arguments.requests += int(cases[1]) if cases else 0
    line = f"{cases[1] if cases else 'no'} requests, {len(found) - len(pages)} findings, {len(pages)} expected refusals"
    print(f"{module:24} {'ok  ' if good else 'FAIL'} {line}", flush=True)
    if not good:
        (arguments.logs or folder).mkdir(exist_ok=True)
        log = (arguments.logs or folder) / f"{module}.log"
        log.write_text(done.stdout + done.stderr)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exported", type=pathlib.Path)
    parser.add_argument("url")
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--examples", type=int, default=20, help="for each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--logs", type=pathlib.Path, help="folder for the output of schemathesis about failed modules")
    arguments = parser.parse_args()
    arguments.requests = 0
    modules = arguments.modules or sorted(path.parent.name for path in arguments.exported.glob("*/openapi.json"))
    with tempfile.TemporaryDirectory() as folder:
        results = [
            run(module, arguments.exported / module / "openapi.json", arguments, pathlib.Path(folder))
            for module in modules
        ]
    print(f"{arguments.requests} requests, {sum(results)} of {len(results)} modules without a finding")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
