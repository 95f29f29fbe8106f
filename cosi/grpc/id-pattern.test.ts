import { describe, expect, test } from "vitest";
import { idPattern } from "./id-pattern.ts";

describe("an id query", () => {
  test.each([
    ["a prefix", "^eth", "eth0", "lo"],
    ["a flag in front, as Go has it", "(?i)^ETH", "eth0", "lo"],
    ["a class and a repetition", "^[a-z)*+]+\\d+$", "eth0", "eth"],
    ["alternatives", "^(eth|eno)\\d$", "eno1", "lo"],
    ["a group without a number", "(?:bond|team)0", "bond0", "bond1"],
    ["a repeated group", "^(ab)+$", "abab", "aba"],
    ["a lazy repetition", "^[ab]+?c", "abc", "c"],
    ["an escaped bracket", "\\(x\\)*", "(x", "x"],
  ])("may have %s", (_, text, yes, no) => {
    expect([idPattern(text).test(yes), idPattern(text).test(no)]).toEqual([true, false]);
  });

  test.each([
    ["no regular expression", "(", /Unterminated/],
    ["too long", "a".repeat(257), /more than 256/],
    ["a repeated repetition", "(a+)+$", /winds/],
    ["a repetition deeper inside", "((x*)y)*$", /winds/],
    ["repeated alternatives", "(a|a)*$", /winds/],
    ["a counted repetition of one", "(a*){30}$", /winds/],
    ["one repetition after the other", "a*a*a*a*b", /more than 3/],
    ["a repeated choice", "(a?){30}a{30}", /winds/],
    ["one choice after the other", "a?".repeat(30), /choice more than 10/],
    ["a reference", "(a)\\1", /refers back/],
    ["looking ahead", "(?=a)", /no plain group/],
    ["looking behind", "(?<!a)b", /no plain group/],
  ])("is refused when it is %s", (_, text, why) => {
    expect(() => idPattern(text)).toThrow(why);
  });
});
