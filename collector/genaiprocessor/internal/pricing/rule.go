// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// rule tells whether a model's name, in lower case, is meant.
type rule func(name string) bool

// compileRule reads a text for equality, otherwise {kind: operand}.
func compileRule(data json.RawMessage) (rule, error) {
	var equal string
	if json.Unmarshal(data, &equal) == nil {
		return func(name string) bool { return name == equal }, nil
	}
	var clause map[string]json.RawMessage
	if err := json.Unmarshal(data, &clause); err != nil {
		return nil, fmt.Errorf("read a rule: %w", err)
	}
	for kind, operand := range clause {
		return compileClause(kind, operand)
	}
	return nil, fmt.Errorf("rule %s is empty", data)
}

func compileClause(kind string, operand json.RawMessage) (rule, error) {
	switch kind {
	case "or", "and":
		return compileMany(operand, kind == "or")
	case "not":
		inner, err := compileRule(operand)
		return func(name string) bool { return !inner(name) }, err
	}
	var text string
	if err := json.Unmarshal(operand, &text); err != nil {
		return nil, fmt.Errorf("read the operand of %s: %w", kind, err)
	}
	switch kind {
	case "starts_with":
		return func(name string) bool { return strings.HasPrefix(name, text) }, nil
	case "ends_with":
		return func(name string) bool { return strings.HasSuffix(name, text) }, nil
	case "contains":
		return func(name string) bool { return strings.Contains(name, text) }, nil
	case "regex":
		pattern, err := regexp.Compile(text)
		if err != nil {
			return nil, err
		}
		return pattern.MatchString, nil
	default:
		return nil, fmt.Errorf("rule %q is unknown", kind)
	}
}

// compileMany: the first of the rules that is as asked decides.
func compileMany(operands json.RawMessage, asked bool) (rule, error) {
	var each []json.RawMessage
	if err := json.Unmarshal(operands, &each); err != nil {
		return nil, fmt.Errorf("read a list of rules: %w", err)
	}
	rules := make([]rule, len(each))
	for i, one := range each {
		var err error
		if rules[i], err = compileRule(one); err != nil {
			return nil, err
		}
	}
	return func(name string) bool {
		for _, matches := range rules {
			if matches(name) == asked {
				return asked
			}
		}
		return !asked
	}, nil
}
