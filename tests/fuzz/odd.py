"""Values and texts that are likely to find what is wrong."""
NUMBERS = ["0", "-1", "1", "-0", "0.1", "1e308", "-1e308", "1e-308", "1e-320", "1e400", ".nan", ".inf", "-.inf", "0x10",
           "0o17", "1_000", "1,5", "1.e3", "1e3", "1:30", "4294967295", "4294967296", "18446744073709551616", "2147483648",
           "9007199254740993", "1e-12", "1e12", "1e20", "-1e30", "3.5", "0.05", "0.15", "255", "65536", "1e5000", "--1",
           "1e", "+5", "５", "−70", "1 000"]
UNITS = ["ms", "mV", "pA", "nS", "Hz", "pF", "s", "h", "furlong", "%", "MOhm", "µs", "mm", "e", "Ms", "GHz", "nA", "V s"]
TEXTS = ["", "~", "null", "true", "no", "on", "all", "[]", "{}", "a", "0-99", "5-2", "0-", "-5", "a/b", ".", "..", "-x", " ",
         "é", "名前", "🧠", "a b", "$(id)", "%s%n%d", "a" * 5000, "a'b\"c", "a=b", "E->I", "../../etc/passwd", "/dev/null",
         "/proc/self/mem", "/", "/dev/zero", "C:\\net.yaml", "a\tb", "a\nb", "\x1b[31mred", "\u202eabc", "a\u00a0b", "#", "&a",
         "*a", "!x", "@a", "`a`", "|", ">", "? a", "- a", "a: b", "a:b", "{", "]", "'", "\"", "\u2028", "\x7f", "\u0085"]
BYTES = [b"\t", b"\xc2\xa0", b"\xff", b"\x00", b"@", b"`", b"\"", b"'", b"[", b"]", b"{", b"}", b":", b": ", b",", b"#", b"&a ",
         b"*a", b"!!int ", b"|\n", b">\n", b"%YAML 9.9\n", b"---\n", b"...\n", b"- ", b"? ", b"<<: ", b"\r", b"\xef\xbb\xbf",
         b"\xe2\x80\x9c", b"\xe2\x88\x92", b"\x1b[2J", b"~", b"\\", b"\n", b"  ", b"\xed\xa0\x80"]
LARGE_KEYS = ("size", "indegree", "outdegree", "number", "sources", "eigenvalues", "pulses")
