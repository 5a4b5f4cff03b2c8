"""Calls every tool with the official SDK, over pipes and over HTTP, in both eras; started by .ci/mcp-client."""

import asyncio
import sys

import jsonschema
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

NEWSWIRE, DB, SITE = sys.argv[1:4]


def pipes():
    """A client of a process of its own."""
    return stdio_client(StdioServerParameters(command=NEWSWIRE, args=["--db", DB, "mcp"]))


async def ready():
    """Waits until the daemon serves and its sample has articles."""
    for _ in range(600):
        try:
            async with Client(f"{SITE}/mcp", mode="legacy") as client:
                found = await client.call_tool("search_stories", {})
                if found.structured_content and found.structured_content["stories"]:
                    return
        except Exception:  # Not up yet.
            pass
        await asyncio.sleep(0.2)
    sys.exit("mcp-client: the daemon has no articles after two minutes")


async def tried(name, server, mode):
    """Calls every tool and validates what it returns against its schema."""
    async with Client(server, mode=mode) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert len(tools) == 6, tools

        async def call(tool, **arguments):
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, (tool, result)
            jsonschema.validate(result.structured_content, tools[tool].output_schema)
            return result.structured_content

        page = await call("search_stories", limit=2)
        second = await call("search_stories", limit=2, cursor=page["next_cursor"])
        ids = {story["id"] for story in page["stories"] + second["stories"]}
        assert len(ids) == 4, ids
        story = await call("get_story", id=page["stories"][0]["id"], max_chars=500)
        await call("list_topics")
        feeds = await call("list_feeds")
        news = await call("whats_new", since="365d")
        begun = await call("changes_since")
        await call("changes_since", cursor=begun["cursor"])
        changes = await call("changes_since", cursor="0")
        wrong = await client.call_tool("search_stories", {"query": "boats AND ("})
        assert wrong.is_error and "^" in wrong.content[0].text, wrong
        print(
            f"{name}: {client.protocol_version}, {len(feeds['feeds'])} feeds, "
            f"{len(news['stories'])} stories printed by several, {len(story['copies'])} copies, "
            f"{len(changes['changes'])} changes"
        )


async def main():
    await ready()
    for mode in ["legacy", "auto", "2026-07-28"]:
        await tried(f"pipes, {mode}", pipes(), mode)
        await tried(f"HTTP, {mode}", f"{SITE}/mcp", mode)
    # Two requests at once over one pipe.
    async with Client(pipes()) as client:
        both = await asyncio.gather(
            client.call_tool("list_feeds", {}), client.call_tool("list_topics", {})
        )
        assert [result.is_error for result in both] == [False, False]
    print("mcp-client: passed")


asyncio.run(main())
