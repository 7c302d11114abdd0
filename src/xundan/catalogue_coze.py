"""The part of the catalogue that a Coze bot's commands speak: key -> (Chinese, English)."""

from __future__ import annotations

COZE: dict[str, tuple[str, str]] = {
    "coze.help": ("接入扣子（Coze）智能体", "Connect a Coze bot."),
    "coze.url": (
        "服务的公网地址，如 https://chat.shop.com",
        "where Coze reaches the server, e.g. https://chat.shop.com",
    ),
    "coze.out": ("写进文件；不填则打印", "write it to a file; printed unless given"),
    "coze.token": (
        "扣子里填的令牌；不填则用本机配置签一个临时的",
        "the token that Coze has; unless given, one is minted from the settings",
    ),
    "coze.plugin.help": ("生成扣子可导入的插件文件", "Write the plugin that Coze imports."),
    "coze.plugin.example": (
        "xundan coze plugin --url https://chat.shop.com --out xundan-coze.yaml",
        "xundan coze plugin --url https://chat.shop.com --out xundan-coze.yaml",
    ),
    "coze.check.help": (
        "照扣子的样子调用一遍服务，说明哪里不对",
        "Call a running server as Coze does, and say what is wrong.",
    ),
    "coze.check.example": (
        "xundan coze check --url https://chat.shop.com",
        "xundan coze check --url https://chat.shop.com",
    ),
    "coze.bad_url": (
        "地址要写成 https://chat.shop.com 的样子，而不是 {url!r}",
        "the address must look like https://chat.shop.com, not {url!r}",
    ),
    "coze.bad_token": (
        "--token 要填 xundan token 输出的那一行，中间没有空格",
        "--token must be the line that `xundan token` prints, without blanks in it",
    ),
    "coze.no_token": (
        "没有可用的令牌：{why}。也可以用 --token 给出扣子里填的令牌",
        "there is no token to use: {why}. Or give the token that Coze has with --token",
    ),
    "coze.own_token": (
        "没有给 --token，这次用本机配置签的临时令牌；要连扣子里那个令牌一起检查，请加 --token",
        "no --token is given, so this uses one minted from the settings; give --token to check the one that Coze has",
    ),
    "coze.not_public": (
        "提示：扣子在公网上，只认 https 的域名，{url} 它访问不到",
        "Note: Coze is on the internet and wants a name with https; it will not reach {url}",
    ),
    "coze.written": (
        "已写好 {path}。接着在扣子里：资源库 → + 资源 → 插件 → 导入，选这个文件",
        "{path} is written. Next in Coze: 资源库 → + 资源 → 插件 → 导入, and choose this file",
    ),
    "coze.sound": (
        "接入可用。测试顾客 xundan-check-flow 和 xundan-check-bot 留在数据里，报表会把他们算作两位顾客",
        "The connection works. The test customers xundan-check-flow and xundan-check-bot stay: reports count two more",
    ),
    "coze.unsound": ("有问题需要处理（见 ✗）", "something must be put right (see ✗)"),
    "coze.check.expires": ("令牌 {days} 天后到期", "the token expires in {days} days"),
    "coze.check.expires.do": (
        "到期前用 xundan token 签一个新的，填进扣子的插件和 HTTP 请求节点",
        "before that, mint one with `xundan token` and put it into Coze's plugin and HTTP node",
    ),
    "coze.check.no_tls": (
        "{host} 没有用 https，令牌和聊天会在网上明文传输；没有继续检查",
        "{host} is without https: token and chats would travel in the clear; nothing was sent",
    ),
    "coze.check.no_tls.do": (
        "在前面放一个带证书的反向代理，例如 Caddy，见 docs/coze.zh-CN.md 第 1 步",
        "put a reverse proxy with a certificate in front, e.g. Caddy: docs/coze.md, step 1",
    ),
    "coze.check.loopback": (
        "{host} 只有本机能访问，扣子访问不到",
        "{host} is reached from this machine only, not from Coze",
    ),
    "coze.check.loopback.do": (
        "接口检查照常进行；上线前请用公网域名再检查一遍",
        "the calls are checked all the same; check again with the public name",
    ),
    "coze.check.ip": ("{host} 是 IP 地址，扣子的插件只认域名", "{host} is an IP address; Coze's plugins want a name"),
    "coze.check.ip.do": ("给服务器配一个域名，用域名再检查一遍", "give the server a name and check again with it"),
    "coze.check.dns": ("找不到域名 {host}", "the name {host} is not known"),
    "coze.check.dns.do": (
        "看看有没有拼错；在域名服务商那里把它解析到服务器的公网 IP，新解析要等几分钟",
        "is it spelt right? Point it to the server's public IP at your DNS provider; that takes some minutes",
    ),
    "coze.check.closed": ("{host} 拒绝连接：这个端口上没有程序", "{host} refuses: nothing listens on this port"),
    "coze.check.closed.do": (
        "在服务器上确认反向代理和 xundan serve 都在运行，安全组放行了 443 端口",
        "see that the reverse proxy and `xundan serve` run, and that the firewall lets port 443 in",
    ),
    "coze.check.silent": ("{host} 等了 {seconds} 秒没有回答", "{host} has not answered for {seconds} s"),
    "coze.check.silent.do": (
        "多半是安全组或防火墙没有放行端口，也可能是服务器太忙；在服务器上运行 xundan doctor",
        "most likely a firewall drops the port, or the machine is too busy; run `xundan doctor` on it",
    ),
    "coze.check.certificate": ("{host} 的证书不可信：{why}", "the certificate of {host} is not trusted: {why}"),
    "coze.check.certificate.do": (
        "扣子不接受自签、过期或域名不符的证书；用 Caddy 会自动申请和续期",
        "Coze takes no self-signed, expired or foreign certificate; Caddy gets and renews one by itself",
    ),
    "coze.check.tls": ("与 {host} 建立 TLS 失败：{why}", "TLS with {host} failed: {why}"),
    "coze.check.tls.do": (
        "这个端口可能没有启用 https；确认域名指向反向代理，而不是直接指向 xundan",
        "this port may not speak https; the name must lead to the reverse proxy, not to xundan itself",
    ),
    "coze.check.unreachable": ("连不上 {host}：{why}", "{host} cannot be reached: {why}"),
    "coze.check.unreachable.do": ("检查服务器是否开机、网络是否通", "is the server up, and the network there?"),
    "coze.check.garbled": ("{host} 的回答不是 HTTP（{why}）", "{host} does not answer in HTTP ({why})"),
    "coze.check.garbled.do": ("确认端口是反向代理的端口", "is this the reverse proxy's port?"),
    "coze.check.reached": ("连上了 {host}，用时 {seconds} 秒", "{host} answers, after {seconds} s"),
    "coze.check.redirect": ("被重定向到 {where}（{status}）", "redirected to {where} ({status})"),
    "coze.check.redirect.do": (
        "扣子跟随重定向时会丢掉消息；--url 和扣子里都直接填最终地址",
        "Coze loses the message on a redirect; use the final address, here and in Coze",
    ),
    "coze.check.nobody_behind": (
        "反向代理在，但它后面的 xundan 没有回答（{status}）",
        "the reverse proxy is there, but xundan behind it does not answer ({status})",
    ),
    "coze.check.nobody_behind.do": (
        "确认 xundan serve 在运行，反向代理转发到它的端口（默认 127.0.0.1:8720）",
        "see that `xundan serve` runs and that the proxy leads to its port (127.0.0.1:8720 by default)",
    ),
    "coze.check.not_xundan": (
        "这个地址上回答的不是询单（/healthz 得到 {status}）",
        "what answers at this address is not Xundan (/healthz gave {status})",
    ),
    "coze.check.not_xundan.do": (
        "检查 --url 有没有多写或少写路径，反向代理有没有转发到 xundan",
        "is the path of --url right, and does the proxy lead to xundan?",
    ),
    "coze.check.unauthorized": ("令牌不被接受（401）：{why}", "the token is not accepted (401): {why}"),
    "coze.check.unauthorized.do": (
        "用服务器上的配置重新签：xundan token；若说没有令牌，是反向代理丢掉了 Authorization 请求头",
        "mint one with the server's own settings: `xundan token`; "
        "if it says that none was sent, the proxy drops the header Authorization",
    ),
    "coze.check.other_shop": ("令牌是另一家店铺的（403）", "the token is another shop's (403)"),
    "coze.check.other_shop.do": (
        "令牌里的店铺要和服务的设置 shop_id 一样；在服务器上运行 xundan token 重新签",
        "its shop must be the server's setting shop_id; run `xundan token` on the server",
    ),
    "coze.check.missing_scope": ("令牌缺少权限 {scope}（403）", "the token lacks the scope {scope} (403)"),
    "coze.check.missing_scope.do": (
        "重新签一个：xundan token --scope intake --scope context",
        "mint one: xundan token --scope intake --scope context",
    ),
    "coze.check.too_many": ("请求太多，被限速（429）", "too many requests (429)"),
    "coze.check.too_many.do": (
        "过一分钟再检查；平时也这样，就把设置 rate_per_minute 调大",
        "check again in a minute; if it is always so, raise the setting rate_per_minute",
    ),
    "coze.check.busy": ("服务暂时收不了消息（503）：{why}", "the server takes nothing now (503): {why}"),
    "coze.check.busy.do": (
        "在服务器上运行 xundan doctor，看磁盘是否已满",
        "run `xundan doctor` there: is the disk full?",
    ),
    "coze.check.refused": ("消息没有被接受（{status}）：{why}", "the call was not accepted ({status}): {why}"),
    "coze.check.refused.do": (
        "404 多半是路径不对或服务版本太旧；5xx 请看服务器日志",
        "404: the path is wrong or the server too old; 5xx: see the server's log",
    ),
    "coze.check.recorded": ("记录消息：像 HTTP 请求节点那样发送，成功", "recording as the HTTP node does: works"),
    "coze.check.slow": (
        "回答用了 {seconds} 秒，超过节点的超时 {most} 秒，扣子会当作失败",
        "the answer took {seconds} s, longer than the node's {most} s: Coze takes that for a failure",
    ),
    "coze.check.slow.do": (
        "把服务器放到离扣子近的地域（国内），在服务器上运行 xundan doctor",
        "move the server nearer to Coze, and run `xundan doctor` on it",
    ),
    "coze.check.slowish": (
        "回答用了 {seconds} 秒，离超时 {most} 秒不远了",
        "the answer took {seconds} s, not far from the node's {most} s",
    ),
    "coze.check.slowish.do": (
        "忙时可能超时；网络慢就换地域，服务器忙就加配置",
        "it may be too late in busy hours; a nearer or bigger machine helps",
    ),
    "coze.check.query_lost": (
        "地址里的 Idempotency-Key 没有送到：消息编号不对",
        "the Idempotency-Key of the address did not arrive: the message has another id",
    ),
    "coze.check.query_lost.do": (
        "反向代理改写地址时要保留问号后面的部分",
        "a proxy that rewrites addresses must keep what follows the question mark",
    ),
    "coze.check.not_duplicate": (
        "同一条消息再发一次，没有被认出是重复（{status}），重试会记成两条",
        "the same message sent again is not told as a duplicate ({status}): a retry would count twice",
    ),
    "coze.check.not_duplicate.do": (
        "确认域名后面只有一个 xundan，没有几份数据在轮流接收",
        "there must be one xundan behind the name, not several data directories taking turns",
    ),
    "coze.check.retry_lost": (
        "扣子的空请求体重试没有被认出来（{status}）：{why}",
        "Coze's retry with an empty body is not recognised ({status}): {why}",
    ),
    "coze.check.retry_lost.do": (
        "反向代理要原样转发空请求体和地址里的 Idempotency-Key",
        "the proxy must pass on an empty body, and the Idempotency-Key of the address",
    ),
    "coze.check.repeated": (
        "重试：完整的和空请求体的都认得出，只记一次",
        "retries, whole or with an empty body: recognised and counted once",
    ),
    "coze.check.headers_lost": (
        "扣子写在请求头里的顾客编号没有送到",
        "the customer's id in Coze's headers did not arrive",
    ),
    "coze.check.headers_lost.do": (
        "反向代理要转发 X-Aiplugin- 开头的请求头；或者每次都在请求里写 user_id",
        "the proxy must pass on headers that begin with X-Aiplugin-; or always send user_id in the request",
    ),
    "coze.check.plugin": ("插件工具 record_message：成功", "the plugin's tool record_message: works"),
    "coze.check.late": (
        "刚记录的消息 {seconds} 秒后还查不到",
        "a message just recorded is not to be found after {seconds} s",
    ),
    "coze.check.late.do": (
        "服务可能在补算大量历史，过一会再查；一直这样请看 /readyz 的 lag",
        "it may be working through much history; if it stays so, see `lag` in /readyz",
    ),
    "coze.check.mixed": ("两位测试顾客被当成了同一位", "the two test customers are taken for one"),
    "coze.check.mixed.do": (
        "检查是否导入过把他们关联起来的账号关联，反向代理是否改写了请求头",
        "was a link between them imported, or does the proxy rewrite headers?",
    ),
    "coze.check.text_changed": ("消息内容在路上变了样", "the text was changed on its way"),
    "coze.check.text_changed.do": (
        "反向代理或防火墙改写了请求体；关掉对这个域名的内容改写",
        "a proxy or firewall rewrites bodies; switch that off for this name",
    ),
    "coze.check.context": (
        "插件工具 get_context：成功，消息原样查到",
        "the plugin's tool get_context: works, texts unchanged",
    ),
    "coze.check.apart": (
        "没有顾客编号的调用会被拒绝，顾客不会混成一位",
        "a call without a customer's id is refused: customers do not melt into one",
    ),
    "coze.check.melting": (
        "没有顾客编号的调用没有被拒绝（{status}），所有顾客会混成流程操作者一位",
        "a call without a customer's id is not refused ({status}): all would melt into the workflow's operator",
    ),
    "coze.check.melting.do": (
        "反向代理不能自己加 X-AIPlugin-Bot-ID；流程里每次都要写 user_id",
        "the proxy must not add X-AIPlugin-Bot-ID; and the flow must always send user_id",
    ),
}
