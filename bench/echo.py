"""The plain framework: the same HTTP server with a call that gives back what it was sent, no more."""

from __future__ import annotations

import asyncio
import json
import sys

import uvloop
from fastapi import FastAPI, Request

from sztafeta.net.http_listener import HttpListener

web = FastAPI(openapi_url=None)


@web.post("/v1/messages")
async def echo(request: Request) -> object:
    """Read JSON and write it."""
    return json.loads(await request.body())


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    await HttpListener(web, address="127.0.0.1", port=port, hosts=frozenset()).open()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
