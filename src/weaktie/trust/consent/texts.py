"""Words, style and script of the person's own page."""

# ruff: noqa: E501  lines of style and script are read as they are

from weaktie.kit.words import Words

PAGE: dict[str, Words] = {
    "title": Words("我的数据与授权", "My data and consent"),
    "lead": Words(
        "在这里查看并更改您的个人信息用于什么。", "See and change what your personal data is used for."
    ),
    "child": Words(
        "您未满 14 周岁：没有监护人同意，不进行个性化推荐、营销和社交关系分析。",
        "You are under 14: without a guardian's consent there is no personalisation, marketing or social analysis.",
    ),
    "personal": Words("个性化推荐已开启", "Personalisation is on"),
    "personal_is_off": Words("个性化推荐已关闭", "Personalisation is off"),
    "personal_text": Words(
        "关闭后您看到的内容与未登录用户相同，购物不受影响。",
        "When it is off you see what an anonymous visitor sees; you can shop as before.",
    ),
    "turn_off": Words("关闭个性化推荐", "Turn personalisation off"),
    "purposes": Words("处理目的", "Purposes"),
    "granted": Words("已同意", "On"),
    "not_granted": Words("未开启", "Off"),
    "grant": Words("同意", "Agree"),
    "withdraw": Words("撤回同意", "Withdraw"),
    "read": Words("查看告知全文", "Read the notice"),
    "no_text": Words(
        "商城尚未发布该目的的告知文本。", "The shop has not published a notice for this purpose yet."
    ),
    "tags": Words("我的标签", "My tags"),
    "tags_text": Words(
        "删除后不会再为您计算该标签。", "A tag that you delete is never computed for you again."
    ),
    "no_tags": Words("目前没有关于您的标签。", "There are no tags about you now."),
    "delete": Words("删除", "Delete"),
    "deleted": Words("已删除", "deleted"),
    "allow": Words("恢复", "Allow again"),
    "rights": Words("我的权利", "My rights"),
    "rights_text": Words("提交后我们会在期限内答复。", "We answer within the legal time."),
    "what": Words("补充说明（可不填）", "Anything to add (optional)"),
    "confirm": Words("我确认提交这项请求", "I confirm this request"),
    "send": Words("提交", "Send"),
    "mine": Words("我的请求", "My requests"),
    "due": Words("答复期限", "due"),
    "foot": Words(
        "此链接仅供您本人使用，请勿转发。撤回同意不影响撤回前的处理，也不影响您下单。",
        "This link is yours alone; do not pass it on. Withdrawing does not touch what was done before, nor your orders.",
    ),
    "failed": Words("操作未成功，请重试。", "That did not work; try again."),
    "sure": Words("确定要删除这个标签吗？", "Delete this tag?"),
    "sent": Words("已提交。", "Sent."),
}

ASKS: dict[str, tuple[Words, Words]] = {
    "copy": (Words("索取副本", "Ask for a copy"), Words("我们会准备您全部个人信息的副本。", "We prepare a copy of all your personal data.")),
    "correct": (Words("更正信息", "Correct something"), Words("请写明哪一项有误、应为什么。", "Say what is wrong and what it should be.")),
    "explain": (
        Words("要求解释", "Ask for an explanation"),
        Words("要求说明自动化决策如何影响了您。", "Ask how an automated decision affected you."),
    ),
    "erase": (
        Words("删除我的全部信息", "Erase all my data"),
        Words("删除后无法恢复。依法须保存的交易记录会去除身份。", "It cannot be undone. Records that the law keeps lose your identity."),
    ),
}  # fmt: skip

STATES: dict[str, Words] = {
    "received": Words("已收到", "Received"),
    "verified": Words("已核验身份", "Identity checked"),
    "in_progress": Words("处理中", "In progress"),
    "done": Words("已完成", "Done"),
    "refused": Words("未予支持", "Refused"),
}

STYLE = """
:root{color-scheme:light dark;--line:#8883;--good:#0a7d38;--bad:#b3261e;--do:#1257c4}
*{box-sizing:border-box}body{margin:0;font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:640px;margin:0 auto;padding:20px 16px 60px;overflow-wrap:anywhere}
h1{font-size:22px;margin:8px 0 4px}h2{font-size:17px;margin:28px 0 8px}.lead,.faint{opacity:.72}.faint{font-size:14px;margin:2px 0}
.card{border:1px solid var(--line);border-radius:10px;padding:12px 14px;margin:10px 0}.row{display:flex;gap:12px;justify-content:space-between}
.yes{color:var(--good);white-space:nowrap}.no{opacity:.7;white-space:nowrap}.note{border-left:4px solid var(--do);padding:8px 12px;background:#8881}
button{font:inherit;min-height:44px;padding:6px 18px;margin-top:10px;border:1px solid var(--do);border-radius:8px;background:none;color:inherit;cursor:pointer}
button.small{min-height:36px;padding:2px 12px;margin:0;border-color:var(--line);white-space:nowrap}button.danger{border-color:var(--bad);color:var(--bad)}
button:focus-visible,summary:focus-visible,a:focus-visible{outline:3px solid var(--do);outline-offset:2px}
summary{cursor:pointer;min-height:32px}.text{white-space:pre-wrap;font-size:15px;padding:6px 0}
.list{list-style:none;margin:0;padding:0}.list li{display:flex;gap:12px;justify-content:space-between;align-items:center;padding:10px 0;border-bottom:1px solid var(--line)}
textarea{width:100%;font:inherit;padding:8px;border:1px solid var(--line);border-radius:8px;background:none;color:inherit}
label{display:flex;gap:8px;align-items:center;min-height:40px}.lang{float:right;color:inherit;padding:8px}#told{position:sticky;bottom:8px}
"""

SCRIPT = """
(function(){
var body=document.body,told=document.getElementById("told"),busy=false;
function say(text){told.textContent=text}
document.addEventListener("click",function(event){
  var b=event.target.closest("button[data-do]");if(!b||busy)return;
  var d=b.dataset,ask={token:body.dataset.token,do:d.do};
  if(d.ask&&!window.confirm(body.dataset.sure))return;
  if(d.do==="choose"){ask.subject=d.subject;ask.granted=d.granted==="true";if(d.version)ask.notice_version=Number(d.version)}
  if(d.tag)ask.tag=d.tag;
  if(d.do==="ask"){var box=b.parentElement;ask.kind=d.kind;ask.confirm=box.querySelector("input").checked;ask.text=box.querySelector("textarea").value}
  busy=true;b.disabled=true;
  fetch("/consent/v1/mine",{method:"POST",headers:{"Content-Type":"application/json"},body:JSON.stringify(ask),credentials:"omit",referrerPolicy:"no-referrer"})
  .then(function(answer){return answer.json().then(function(got){
    if(answer.ok){say(body.dataset.sent);location.reload();return}
    busy=false;b.disabled=false;
    var m=got.error&&got.error.message;say(m?(document.documentElement.lang==="en"?m.en:m.zh):body.dataset.failed)})})
  .catch(function(){busy=false;b.disabled=false;say(body.dataset.failed)});
});
})();
"""
