"""Words, style and script of the hosted pages."""

# ruff: noqa: E501  lines of style and script are read as they are

from weaktie.kit.words import Words

PAGE: dict[str, Words] = {
    "mine": Words("我的邀请", "My invitations"),
    "invited": Words("好友邀请您", "A friend invites you"),
    "earned": Words("已发放", "Paid"),
    "waiting": Words("待发放", "Pending"),
    "most": Words("最高可得", "At most"),
    "friends": Words("有效好友", "Friends who count"),
    "left": Words("今天还可邀请 {n} 次", "{n} more invitations today"),
    "invite": Words("生成邀请海报", "Make an invitation poster"),
    "poster": Words("长按图片保存或发送给好友", "Press and hold the picture to save or send it"),
    "copy": Words("复制链接", "Copy the link"),
    "copied": Words("已复制", "Copied"),
    "link": Words("邀请链接", "Link"),
    "progress": Words("进度", "Progress"),
    "rewards": Words("奖励明细", "Rewards"),
    "release": Words("预计 {day} 发放", "expected on {day}"),
    "on": Words("{day}", "{day}"),
    "none_yet": Words(
        "还没有奖励：好友首单完成后会出现在这里。",
        "No rewards yet: they appear after a friend's first order.",
    ),
    "for_friend": Words("好友首单", "A friend's first order"),
    "for_bonus": Words("第 {n} 位好友加奖", "Bonus for friend number {n}"),
    "sent": Words("发出的邀请", "Invitations sent"),
    "opened": Words("已打开", "opened"),
    "not_opened": Words("未打开", "not opened"),
    "registered": Words("{n} 位注册", "{n} registered"),
    "not_counted": Words("不计入的好友", "Friends who do not count"),
    "board": Words("邀请榜", "Board"),
    "board_text": Words("按有效好友数排列，只显示代号。", "By friends who count; only pseudonyms are shown."),
    "you": Words("（您）", "(you)"),
    "rules": Words("活动规则", "Rules"),
    "coming": Words("规则将于 {day} 变更：", "The rules change on {day}:"),
    "remaining": Words("好友券剩余 {n} 张", "{n} coupons left"),
    "closed": Words("活动当前不可参加：{why}", "The campaign is closed now: {why}"),
    "gift": Words("注册即得", "Yours when you register"),
    "no_minimum": Words("无门槛券", "coupon, no minimum spend"),
    "go": Words("去商城注册", "Register at the shop"),
    "code": Words("邀请码", "Invitation code"),
    "appeal": Words("申请复核", "Ask for a review"),
    "sure": Words("确定申请人工复核吗？", "Ask for a person's review?"),
    "sent_appeal": Words("已提交，我们会在期限内答复。", "Sent; you are answered within the legal time."),
    "failed": Words("操作未成功，请重试。", "That did not work; try again."),
    "foot": Words(
        "此链接仅供您本人使用；给好友请发送邀请海报或邀请链接。",
        "This page is yours alone; send friends the poster or the invitation's link.",
    ),
    "ad": Words("广告", "Ad"),
    "dead": Words("邀请无效", "The invitation is not valid"),
}

STYLE = """
:root{color-scheme:light dark;--line:#8883;--do:#0d3b66;--hot:#c2410c;--good:#0a7d38}
@media(prefers-color-scheme:dark){:root{--do:#7db4e6;--hot:#fb923c;--good:#4ade80}}
*{box-sizing:border-box}body{margin:0;font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:560px;margin:0 auto;padding:18px 16px 60px;overflow-wrap:anywhere}
h1{font-size:22px;line-height:1.35;margin:6px 0}h2{font-size:17px;margin:26px 0 8px}.faint{opacity:.72;font-size:14px;margin:2px 0}
.tiles{display:grid;grid-template-columns:repeat(3,1fr);gap:8px;margin:14px 0}.tile{border:1px solid var(--line);border-radius:10px;padding:10px;text-align:center}
.tile b{display:block;font-size:21px;color:var(--hot)}.tile small{opacity:.72}
.gift{text-align:center;border:1px solid var(--line);border-radius:14px;padding:18px;margin:14px 0}.gift b{display:block;font-size:54px;line-height:1.2;color:var(--hot)}
.steps{display:flex;gap:6px;list-style:none;margin:8px 0;padding:0}.steps li{flex:1;text-align:center;border-top:4px solid var(--line);padding-top:4px;font-size:14px}.steps .done{border-color:var(--good)}
button,a.go{display:block;width:100%;font:inherit;font-weight:600;min-height:48px;padding:10px 18px;margin:12px 0;border:0;border-radius:10px;background:#c2410c;color:#fff;text-align:center;text-decoration:none;cursor:pointer}
button.small{display:inline-block;width:auto;min-height:36px;padding:4px 12px;margin:4px 0;font-weight:400;background:none;border:1px solid var(--line);color:inherit}
button:disabled{opacity:.5}button:focus-visible,a:focus-visible,summary:focus-visible{outline:3px solid var(--do);outline-offset:2px}
.list{list-style:none;margin:0;padding:0}.list li{display:flex;gap:12px;justify-content:space-between;align-items:flex-start;padding:10px 0;border-bottom:1px solid var(--line)}
.list li>:last-child{text-align:right;white-space:nowrap}.note{border-left:4px solid var(--hot);padding:8px 12px;background:#8881;margin:12px 0}
#poster{display:block;width:100%;max-width:340px;margin:8px auto;border-radius:10px}ol.rules{padding-left:22px}ol.rules li{margin:4px 0}
.lang{float:right;color:inherit;padding:8px}#told{position:sticky;bottom:8px}code{font-size:15px}.code{letter-spacing:2px;text-transform:uppercase}
"""

SCRIPT = """
(function(){
var body=document.body,d=body.dataset,told=document.getElementById("told"),busy=false,english=document.documentElement.lang==="en";
function say(text){told.textContent=text}
function raster(img){
  if(!img)return;var source=new Image();
  source.onload=function(){try{var c=document.createElement("canvas");c.width=750;c.height=1200;c.getContext("2d").drawImage(source,0,0,750,1200);img.src=c.toDataURL("image/png")}catch(e){}};
  source.src=img.dataset.svg}
raster(document.getElementById("poster"));
document.addEventListener("click",function(event){
  var b=event.target.closest("button[data-do]");if(!b||busy)return;
  if(b.dataset.do==="copy"){var box=document.createElement("textarea");box.value=b.dataset.text;document.body.appendChild(box);box.select();
    try{document.execCommand("copy")}catch(e){}box.remove();say(d.copied);return}
  if(b.dataset.do==="appeal"&&!window.confirm(d.sure))return;
  busy=true;b.disabled=true;
  fetch("/c/v1/mine",{method:"POST",headers:{"Content-Type":"application/json"},credentials:"omit",referrerPolicy:"no-referrer",
    body:JSON.stringify({token:d.token,do:b.dataset.do,reward_id:b.dataset.reward||null,request_key:d.key})})
  .then(function(answer){return answer.json().then(function(got){
    busy=false;b.disabled=false;
    if(answer.ok){if(b.dataset.do==="invite"){location.replace(location.pathname+"?lang="+document.documentElement.lang+"&code="+got.code)}else say(d.sent);return}
    var m=got.error&&got.error.message;say(m?(english?m.en:m.zh):d.failed)})})
  .catch(function(){busy=false;b.disabled=false;say(d.failed)});
});
})();
"""
