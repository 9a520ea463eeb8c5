"""The fixture on FastAPI: Starlette's sessions, uvicorn. What it has to do stands in ../contract.md."""
import asyncio, hashlib, os, secrets, socket
from typing import Any

import uvicorn
from fastapi import Depends, FastAPI, File, Form, HTTPException, Request, UploadFile
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.middleware.sessions import SessionMiddleware

with open(os.environ["PAGE"], encoding="utf-8") as file:
    PAGE = file.read()
RELEASE = os.environ["RELEASE"]

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=secrets.token_hex(), session_cookie="app_session")


def say(*words: object) -> None:
    print(*words, flush=True)


async def signed(request: Request) -> None:
    """FastAPI has no token of its own: the usual one, kept in the session."""
    token = request.headers.get("x-csrf-token") or str((await request.form()).get("authenticity_token"))
    if not secrets.compare_digest(token, request.session.get("token", "")):
        raise HTTPException(422, "token")


@app.get("/", response_class=HTMLResponse)
def page(request: Request) -> HTMLResponse:
    token = request.session.setdefault("token", secrets.token_urlsafe())
    answer = HTMLResponse(PAGE.replace("{{token}}", token), headers={"Cache-Control": "no-cache"})
    answer.set_cookie("theme", "dark", max_age=3600, samesite="lax")
    return answer


@app.get("/done", response_class=HTMLResponse)
def done(request: Request) -> str:
    return f"<!doctype html><title>done</title><p>{request.session.get('said', 'nothing')}</p>"


@app.api_route("/api/notes", methods=["GET", "HEAD"])
def notes() -> dict[str, Any]:
    return {"notes": ["bread", "café"]}


@app.post("/api/notes", status_code=201, dependencies=[Depends(signed)])
async def make(request: Request) -> JSONResponse:
    return JSONResponse({"made": (await request.json())["text"]}, 201, {"Location": "/api/notes/1"})


@app.put("/api/notes/{id}", dependencies=[Depends(signed)])
async def put(id: str, request: Request) -> dict[str, Any]:
    return {"id": id, "text": (await request.json())["text"]}


@app.delete("/api/notes/{id}", status_code=204, dependencies=[Depends(signed)])
def end(id: str) -> Response:
    return Response(status_code=204)


@app.post("/api/form", dependencies=[Depends(signed)])
def form(request: Request, text: str = Form()) -> RedirectResponse:
    request.session["said"] = text
    return RedirectResponse("/done", 303)


@app.post("/api/upload", dependencies=[Depends(signed)])
async def upload(note: str = Form(), file: UploadFile = File()) -> dict[str, Any]:
    content = await file.read()
    digest = hashlib.sha256(content).hexdigest()
    return {"note": note, "name": file.filename, "size": len(content), "sha256": digest}


@app.get("/api/echo/{rest:path}")
def echo(request: Request) -> dict[str, Any]:
    base = str(request.base_url).rstrip("/")
    return {"target": target_of(request.scope), "host": request.headers["host"], "base": base}


@app.get("/api/absolute")
def absolute() -> RedirectResponse:
    return RedirectResponse(f"http://127.0.0.1:{port}/api/notes?led=1", 302)


@app.get("/api/broken")
def broken() -> None:
    raise RuntimeError("broken")


@app.get("/api/stream")
def stream() -> StreamingResponse:
    return StreamingResponse(two_pieces("one\n", "two\n"), media_type="text/plain")


@app.get("/api/events")
def events() -> StreamingResponse:
    async def pieces():
        try:
            async for piece in two_pieces("data: one\n\n", "data: two\n\n"):
                yield piece
            while True:
                await asyncio.sleep(0.02)
                yield ": tick\n\n"
        finally:
            say("gone")

    return StreamingResponse(pieces(), media_type="text/event-stream", headers={"Cache-Control": "no-cache"})


async def two_pieces(first: str, second: str):
    yield first
    while not os.path.exists(RELEASE):
        await asyncio.sleep(0.01)
    yield second


def target_of(scope) -> str:
    query = scope["query_string"].decode("latin-1")
    return scope["raw_path"].decode("latin-1").split("?")[0] + (f"?{query}" if query else "")


async def logged(scope, receive, send):
    if scope["type"] == "http":
        say(scope["method"], target_of(scope))
    await app(scope, receive, send)


listening = socket.create_server(("127.0.0.1", 0))
port = listening.getsockname()[1]
say("port", port)
uvicorn.Server(uvicorn.Config(logged, log_level="critical", lifespan="off")).run(sockets=[listening])
