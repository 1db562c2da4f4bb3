"""Tables of Chinese readings: compound surnames, and characters a name reads otherwise.

Only data. Written for this project from what any dictionary of characters says (facts, free of
licence); pypinyin (MIT) gives every other reading. Characters are simplified.
"""

from __future__ import annotations

COMPOUND_SURNAMES = frozenset({
    "欧阳", "司马", "上官", "诸葛", "皇甫", "令狐", "司徒", "司空", "夏侯", "东方",
    "公孙", "慕容", "尉迟", "长孙", "宇文", "端木", "百里", "呼延", "南宫", "独孤",
    "轩辕", "钟离", "澹台", "公冶", "宗政", "濮阳", "淳于", "单于", "太叔", "申屠",
    "仲孙", "鲜于", "闾丘", "亓官", "司寇", "颛孙", "巫马", "公西", "漆雕", "乐正",
    "壤驷", "公良", "拓跋", "夹谷", "宰父", "谷梁", "东郭", "羊舌", "微生", "梁丘",
    "左丘", "东门", "西门", "南门", "第五", "万俟", "赫连", "纳兰", "完颜",
})  # fmt: skip
"""Surnames of two characters."""

STANDARD_CHARACTERS = frozenset("乾剋吒夥徵於昇氾爇甦甯祕脩苧蒐薳薹釐陞麽")
"""Characters that OpenCC simplifies, but that China's table of standard characters of 2013 keeps
for names and some senses (Unihan 15.0.0, kTGH): 昇 is 昇, and 升 is another name."""

SURNAMES_SIMPLIFIED = frozenset("叶云万广")
"""Surnames that are 葉, 雲, 萬, 廣 in traditional characters. Every other character of both scripts
(后, 余, 沈, 范) is itself in both as a surname; 後, 餘, 瀋, 範 are others, or none."""

SURNAME_READINGS: dict[str, tuple[str, ...]] = {
    "单": ("shan",), "曾": ("zeng",), "解": ("xie",), "仇": ("qiu",), "查": ("zha",),
    "任": ("ren",), "华": ("hua",), "区": ("ou",), "盖": ("ge", "gai"), "朴": ("piao", "pu"),
    "乐": ("yue", "le"), "缪": ("miao", "mou"), "翟": ("zhai", "di"), "折": ("she",),
    "员": ("yun", "yuan"), "秘": ("bi", "mi"), "冼": ("xian",), "洗": ("xian",),
    "黑": ("he", "hei"), "种": ("chong",), "重": ("chong",), "宓": ("mi", "fu"), "繁": ("po",),
    "晁": ("chao",), "隗": ("kui", "wei"), "祭": ("zhai", "ji"), "覃": ("qin", "tan"),
    "尉": ("wei", "yu"), "句": ("gou",), "车": ("che",), "葛": ("ge",), "宁": ("ning",),
    "那": ("na",), "燕": ("yan",), "应": ("ying",), "召": ("shao", "zhao"), "薄": ("bo",),
    "柏": ("bai", "bo"), "贾": ("jia",), "石": ("shi",), "沈": ("shen",), "盛": ("sheng",),
    "郗": ("xi", "chi"), "殷": ("yin",), "阚": ("kan",), "乜": ("nie",), "纪": ("ji",),
    "谌": ("chen", "shen"), "钭": ("tou",), "粘": ("nian", "zhan"), "曲": ("qu",),
    "哈": ("ha",), "郄": ("qie", "xi"), "郇": ("xun", "huan"), "牟": ("mou", "mu"),
    "隽": ("juan",), "都": ("du",), "占": ("zhan",), "藏": ("zang",), "行": ("xing",),
    "适": ("kuo", "shi"), "炅": ("gui",), "莘": ("shen", "xin"), "相": ("xiang",), "么": ("yao",),
    "贠": ("yun",), "佴": ("nai",), "贲": ("ben", "fei"), "蔚": ("yu", "wei"), "厍": ("she",),
    "库": ("she", "ku"), "褚": ("chu",), "参": ("shen", "can"), "亓": ("qi",),
    "宿": ("su", "xiu"), "省": ("xing", "sheng"), "俟": ("qi", "si"), "盍": ("he", "ge"),
    "卜": ("bu",), "颉": ("xie", "jie"), "术": ("zhu",), "率": ("shuai",),
    "过": ("guo",), "撒": ("sa",), "逄": ("pang",), "乘": ("sheng", "cheng"), "眭": ("sui",),
    "万俟": ("mo", "qi"), "尉迟": ("yu", "chi"),
    "长孙": ("zhang", "sun"), "单于": ("chan", "yu"), "澹台": ("tan", "tai"),
}  # fmt: skip
"""A surname's readings where they are not the character's usual one. Of a single character: its
possible readings; of a compound surname: one reading a character."""

GIVEN_READINGS: dict[str, tuple[str, ...]] = {
    "乐": ("le", "yue"), "行": ("xing", "hang"), "朝": ("chao", "zhao"), "长": ("chang", "zhang"),
    "重": ("zhong", "chong"), "茜": ("qian", "xi"), "莘": ("xin", "shen"),
    "晟": ("sheng", "cheng"), "柏": ("bai", "bo"), "传": ("chuan", "zhuan"), "蔚": ("wei", "yu"),
    "炅": ("jiong", "gui"), "纶": ("lun", "guan"), "颉": ("jie", "xie"), "觉": ("jue", "jiao"),
    "藏": ("cang", "zang"), "禅": ("chan", "shan"), "钿": ("dian", "tian"), "鹄": ("hu", "gu"),
    "翟": ("zhai", "di"), "曾": ("zeng", "ceng"), "娜": ("na", "nuo"), "栖": ("qi", "xi"),
    "艾": ("ai", "yi"), "大": ("da", "dai"), "盛": ("sheng", "cheng"), "拓": ("tuo", "ta"),
    "仔": ("zi", "zai"), "阿": ("a", "e"), "荨": ("xun", "qian"), "珩": ("heng", "hang"),
    "筠": ("yun", "jun"), "隽": ("jun", "juan"), "桧": ("hui", "gui"), "畬": ("yu", "she"),
    "靓": ("liang", "jing"), "泊": ("bo", "po"), "单": ("shan", "dan"), "铣": ("xian", "xi"),
    "屏": ("ping", "bing"), "偲": ("si", "cai"), "婼": ("ruo", "chuo"), "骠": ("piao", "biao"),
    "莞": ("guan", "wan"), "菀": ("wan", "yu"), "琢": ("zhuo", "zuo"), "省": ("sheng", "xing"),
    "识": ("shi", "zhi"), "宿": ("su", "xiu"), "澄": ("cheng", "deng"), "校": ("xiao", "jiao"),
    "俟": ("si", "qi"), "适": ("shi", "kuo"), "於": ("yu", "wu"), "蕃": ("fan", "bo"),
    "乘": ("cheng", "sheng"), "参": ("can", "shen"), "奇": ("qi", "ji"), "说": ("shuo", "yue"),
    "溱": ("qin", "zhen"), "洗": ("xian", "xi"), "牟": ("mou", "mu"), "解": ("jie", "xie"),
    "尉": ("wei", "yu"), "员": ("yuan", "yun"), "熟": ("shu", "shou"), "芎": ("xiong", "qiong"),
    "琤": ("cheng", "zheng"), "瑱": ("zhen", "tian"), "璕": ("xun",), "珣": ("xun",),
    "都": ("du", "dou"), "佛": ("fo",), "薄": ("bo", "bao"), "伽": ("jia", "qie", "ga"),
    "峤": ("qiao", "jiao"), "卜": ("bu", "bo"), "扎": ("zha", "za"),
}  # fmt: skip
"""Characters of given names that are read in more than one way, or otherwise than the dictionary's
first reading; the usual one in names comes first. 祎 is only YI (HUI is 袆)."""
