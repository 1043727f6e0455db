"""What the emulator talks to, at next to no cost: S3 with SNS, a model server, and the baseline.

`aws` has every object and takes every object and message; `model` is an empty model; `echo` is a
bare aiohttp application, which accepts an invocation and does nothing.
"""

import asyncio
import os
import sys

from aiohttp import web

from benchmarks.plain_http import http_response, read_request

INPUT = "{}"
_PUBLISHED = (
    "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>"
)


async def _serve(kind: str, port: int) -> None:
    if kind == "echo":
        await _echo(port)
        return
    content = {"aws": {"GET": INPUT, "POST": _PUBLISHED}, "model": {"POST": INPUT}}[kind]

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                method, _, _, _ = await read_request(reader)
                writer.write(http_response(content.get(method, "")))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    _announce(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _echo(port: int) -> None:
    async def accept(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"InferenceId": "i"}, status=202)

    app = web.Application()
    app.router.add_post("/endpoints/{name}/async-invocations", accept)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    _announce(runner.addresses[0][1])
    await asyncio.Event().wait()


def _announce(port: int) -> None:
    print(port, flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "0"))))
