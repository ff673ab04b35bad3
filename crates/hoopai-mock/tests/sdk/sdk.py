"""Describes and calls the platform's official Python SDK.

    python sdk.py describe                  prints each method: verb, path, parameters, type of the body
    python sdk.py call URL TOKEN < calls    makes the calls that it reads, a line each, and prints what came of each

The interpreter is that of the environment in which `gohighlevel-api-client` is installed. What a method sends is read out of
its source, its types out of its signature and the SDK's models.
"""

import ast
import asyncio
import inspect
import json
import re
import sys
import typing

from highlevel import HighLevel
from highlevel.error import GHLError
from pydantic import BaseModel


def client(url, token):
    HighLevel.BASE_URL = url
    return HighLevel(private_integration_token=token, log_level="none")


def methods(sdk):
    """Each method of each service, with the source that says what it sends."""
    for service, instance in vars(sdk).items():
        for name, method in inspect.getmembers(type(instance), inspect.iscoroutinefunction):
            source = inspect.getsource(method)
            url = re.search(r'build_url\("([^"]*)"', source)
            if url:
                yield f"{service}.{name}", method, source, url[1]


def kind(what, above=()):
    """A type in the terms that both SDKs are described in."""
    arguments = [one for one in typing.get_args(what) if one is not type(None)]
    origin = typing.get_origin(what)
    if origin is typing.Union and len(arguments) == 1:
        return kind(arguments[0], above)
    if origin is list:
        return {"kind": "array", "items": kind(arguments[0], above)}
    if inspect.isclass(what) and issubclass(what, BaseModel) and what not in above:
        # The SDK's models cannot be sent: bodies are dictionaries, whose keys may be keywords.
        fields = {
            name.removesuffix("_"): {"required": field.is_required(), "type": kind(field.annotation, (*above, what))}
            for name, field in what.model_fields.items()
        }
        return {"kind": "object", "fields": fields}
    kinds = {str: "string", int: "number", float: "number", bool: "boolean"}
    return {"kind": kinds.get(what, "any")}


def annotation(method, text):
    """The type of an annotation; `None` where there is none, or the SDK lacks the model that it names."""
    if not isinstance(text, str):
        return None
    try:
        return eval(text, method.__globals__)
    except NameError:
        return None


def snake(name):
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def describe(sdk):
    described = []
    for call, method, source, path in methods(sdk):
        verb = re.search(r'"method": "(\w+)"', source)[1]
        defined = ast.literal_eval(re.search(r"param_defs = (\[.*?\])\n", source, re.DOTALL)[1])
        signature = inspect.signature(method).parameters
        hints = {name: annotation(method, one.annotation) for name, one in signature.items()}
        parameters = []
        for one in defined:
            argument = snake(one["name"])
            own = signature.get(argument)
            parameters.append({
                "name": one["name"],
                "in": one["in"],
                "argument": argument,
                "required": own is not None and own.default is own.empty,
                "type": kind(hints.get(argument)),
            })
        body = kind(hints["request_body"]) if "request_body" in signature else None
        described.append({"call": call, "verb": verb, "path": path, "parameters": parameters, "body": body})
    return described


async def make(sdk, call):
    service, method = call["call"].split(".")
    arguments = dict(call.get("arguments") or {})
    if call.get("body") is not None:
        arguments["request_body"] = call["body"]
    try:
        await getattr(getattr(sdk, service), method)(**arguments)
        return {"call": call["call"], "status": 200}
    except GHLError as error:
        return {"call": call["call"], "status": error.status_code or 0, "message": str(error)}
    except Exception as error:
        return {"call": call["call"], "status": 0, "message": repr(error)}


async def main(what, *rest):
    if what == "describe":
        print(json.dumps(describe(client("http://localhost", "unused"))))
        return
    sdk = client(*rest)
    for line in sys.stdin:
        print(json.dumps(await make(sdk, json.loads(line))), flush=True)


asyncio.run(main(*sys.argv[1:]))
