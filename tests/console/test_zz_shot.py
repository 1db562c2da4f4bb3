from pathlib import Path
from playwright.async_api import async_playwright
from tests.console.test_wallets import *  # noqa
from tests.console.conftest import *  # noqa
from tests.rollouts.policies import two_banks
from tests.rollouts.population import settle
from datetime import timedelta

async def test_shot(anna, enter, pool, clock, app):
    async with pool.connection() as conn:
        await settle(conn, seed=3, count=1200, now=NOW)
        await open_case(conn, wallet_id=anna, case_id=new_id("cas", NOW), subject="My name at the Bank of China", body="They write it given name first. Can I still link it?", now=NOW)
    clock.pass_by(days=33)
    mei, oskar = await enter("Mei"), await enter("Oskar")
    await mei.post("/console/policies", data={"body": two_banks(9, banks=3).replace("2026-12-01","2027-02-01").replace("2026-12-15","2027-03-01").replace("2027-01-15","2027-05-01")})
    await mei.post("/console/policies/two-banks/versions/9/simulations")
    clock.pass_by(minutes=9)
    await mei.post(f"/console/wallets/{anna}/legal-holds", data={"reference": "(2026) Jing 01 Zhi 17"})
    static = Path("src/qianbao/web/static")
    async with async_playwright() as p:
        b = await p.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for scheme, lang in (("light","en"),("dark","zh")):
            pg = await b.new_page(viewport={"width":1280,"height":900}, color_scheme=scheme)
            if lang == "zh":
                await mei.post("/console/language", data={"language":"zh"})
            async def handle(route):
                url = route.request.url.replace(ADDRESS, "")
                if url.startswith("/static/"):
                    await route.fulfill(path=str(static / url[8:])); return
                client = mei
                r = await client.get(url) if route.request.method=="GET" else await client.post(url, data=route.request.post_data)
                await route.fulfill(status=r.status_code, headers={k:v for k,v in r.headers.items() if k not in("content-length",)}, body=r.content)
            await pg.route("**/*", handle)
            for name, url in (("overview","/console"),("policies","/console/policies"),("policy","/console/policies/two-banks?version=9"),("wallet",f"/console/wallets/{anna}"),("cases","/console/cases"),("draft","/console/policies/new?from=two-banks"),("signin","/console/sign-in"),("audit","/console/audit"),("wallets","/console/wallets?phone=+8613800138999")):
                await pg.goto(ADDRESS+url)
                await pg.screenshot(path=f"/tmp/shot-{lang}-{name}.png", full_page=True)
        r = await mei.post("/console/policies", data={"body": two_banks().replace("linked_banks","linked_bank")})
        await pg.set_content(r.text)
