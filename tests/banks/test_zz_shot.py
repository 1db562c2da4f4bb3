import subprocess
from tests.banks.conftest import *  # noqa
from tests.banks.scene import *
from tests.kit.databases import *
async def test_shot(sandbox):
    ph="+8613800138001"
    await sandbox.account("ICBC","MUELLER ANNA MARIA","C01X00T47",ph,balance_minor=123456)
    await sandbox.post("/sms",{"message_id":"m1","sender":"Qianbao","phone":ph,"text":"Your Qianbao code is 123456. 验证码 123456。"})
    p=(await sandbox.client.get("/counter?bank=ICBC")).text.partition('<a href="/counter/ICBC/')[2].partition('"')[0]
    for name,path in [("i","/?lang=zh"),("p","/phone/"+ph),("c","/counter?bank=ICBC"),("u","/counter/ICBC/"+p),("f","/faults?lang=zh")]:
        subprocess.run(["chromium","--headless","--no-sandbox","--disable-gpu","--window-size=400,700",f"--screenshot=/tmp/shot_{name}.png",sandbox.url+path],capture_output=True,timeout=60)
