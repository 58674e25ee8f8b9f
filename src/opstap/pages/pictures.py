"""The task's own pictures, for the bench page: those of parts and checks, and nothing else of the disk."""

from __future__ import annotations

from aiohttp import web

from opstap.instructions import Cell, picture_fault


def picture_routes(cell: Cell) -> list[web.RouteDef]:
    """Pictures by the id of their part or check, below /bench/."""

    async def picture(request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in cell.pictures:
            raise web.HTTPNotFound(text="No such picture. There is one of each part and check that has one.\n")
        fault = picture_fault(cell.folder, cell.pictures[name])
        if fault:
            raise web.HTTPNotFound(text=f"{name}: this picture cannot be shown; opstap lint says why.\n")
        file = (cell.folder / cell.pictures[name]).read_bytes()
        kind = "image/png" if file.startswith(b"\x89PNG") else "image/jpeg"
        return web.Response(body=file, content_type=kind, headers={"Cache-Control": "no-cache"})

    return [web.get("/bench/pictures/{name}", picture)]
