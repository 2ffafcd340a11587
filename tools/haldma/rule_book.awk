# Writes the C table of all rules of docs/rules, sorted by id: what the tool says of a rule that a finding names.
# A status ends with "; warning" or "; note" where a finding of the rule is less than an error.
function plain(text) {
    while (match(text, /\[[^]]*\]\([^)]*\)/)) {
        link = substr(text, RSTART, RLENGTH)
        sub(/^\[/, "", link)
        sub(/\]\(.*/, "", link)
        text = substr(text, 1, RSTART - 1) link substr(text, RSTART + RLENGTH)
    }
    gsub(/`/, "", text)
    gsub(/\\\|/, "|", text)
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return text
}
/^\| *[A-Z][A-Z0-9]*(-[A-Z0-9]+)+ *\|/ {
    split($0, column, /[ ]*\|[ ]*/)
    severity = column[5] ~ /; warning$/ ? "CLI_WARNING" : column[5] ~ /; note$/ ? "CLI_NOTE" : "CLI_ERROR"
    id = column[2]
    row[id] = "    {\"" id "\", \"" plain(column[3]) "\", \"" plain(column[4]) "\", " severity "},"
    ids[++count] = id
}
END {
    for (i = 2; i <= count; i++) {
        id = ids[i]
        for (j = i - 1; j > 0 && ids[j] > id; j--)
            ids[j + 1] = ids[j]
        ids[j + 1] = id
    }
    print "/* Written by rule_book.awk from docs/rules. */\n#include \"cli_rule.h\"\n"
    print "const struct cli_rule cli_rule_book[] = {"
    for (i = 1; i <= count; i++)
        print row[ids[i]]
    print "};\nconst unsigned cli_rule_book_size = sizeof cli_rule_book / sizeof cli_rule_book[0];"
}
