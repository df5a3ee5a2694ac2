// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	"fmt"
	"regexp"
	"strings"
)

var loopback = regexp.MustCompile(`^(?:localhost|.+\.localhost|127(?:\.\d+){3}|::1|0\.0\.0\.0|::)$`)

// Hosts says who serves a host: the user's word first, `host`, `host:port` or `*` to a provider.
type Hosts map[string]string

// Provider serving a URL, as gen_ai.provider.name; empty when nobody can know.
func (h Hosts) Provider(host string, port int64, path string) string {
	if host == "" {
		return ""
	}
	t, err := list()
	if err != nil {
		return ""
	}
	name := strings.Trim(strings.TrimRight(strings.ToLower(host), "."), "[]")
	for _, key := range []string{fmt.Sprintf("%s:%d", name, port), fmt.Sprintf("[%s]:%d", name, port), name, "*"} {
		if said := h[key]; said != "" {
			return t.canonical(said)
		}
	}
	if loopback.MatchString(name) {
		return ""
	}
	return t.byURL(name, path)
}

// canonical is the provider's name in the conventions; a name that the list lacks stays.
func (t *table) canonical(said string) string {
	if k, there := t.byName[normal(said)]; there {
		return k.name
	}
	return said
}

// Canonical is the name of the conventions for a provider that the list knows under any name.
func Canonical(said string) (string, bool) {
	t, err := list()
	if err != nil {
		return "", false
	}
	k, there := t.byName[normal(said)]
	return k.name, there
}

func (t *table) byURL(host, path string) string {
	path, _, _ = strings.Cut(path, "?")
	if runes := []rune(path); len(runes) > longestName {
		path = string(runes[:longestName])
	}
	origin := "https://" + host
	url := origin + "/" + strings.TrimLeft(path, "/")
	for _, p := range t.providers {
		for _, h := range p.hosts {
			// Patterns are open at their end: api.openai.com.example.org is somebody else.
			at := h.pattern.FindStringIndex(url)
			if at != nil && (at[1] >= len(origin) || strings.HasSuffix(url[:at[1]], ".")) {
				return h.name
			}
		}
	}
	return ""
}
