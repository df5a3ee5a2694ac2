// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
)

//go:embed prices.json
var pricesJSON []byte

// table is the price list. It is compiled on the first look-up.
type table struct {
	providers []*provider
	byName    map[string]known

	mu     sync.Mutex
	listed map[listKey][]conditional
}

type provider struct {
	id       string
	name     string
	hosts    []hostPattern
	fallback []*provider
	models   []model
}

type hostPattern struct {
	pattern *regexp.Regexp
	name    string
}

type model struct {
	rule   rule
	prices []conditional
}

// known is a provider under one of its names.
type known struct {
	provider *provider
	name     string
}

var list = sync.OnceValues(func() (*table, error) { return readTable(pricesJSON) })

// Load compiles the list; an error is that of a damaged build.
func Load() error {
	_, err := list()
	return err
}

type fileProvider struct {
	ID       string      `json:"id"`
	Name     string      `json:"name"`
	Aliases  []string    `json:"aliases"`
	Hosts    [][2]string `json:"hosts"`
	Fallback []string    `json:"fallback"`
	Models   []fileModel `json:"models"`
}

func readTable(data []byte) (*table, error) {
	var file struct {
		Providers []fileProvider `json:"providers"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("read the price list: %w", err)
	}
	t := &table{byName: map[string]known{}, listed: map[listKey][]conditional{}}
	byID := map[string]*provider{}
	for _, from := range file.Providers {
		p, err := from.compile()
		if err != nil {
			return nil, fmt.Errorf("compile the price list of %s: %w", from.ID, err)
		}
		t.providers = append(t.providers, p)
		byID[p.id] = p
		t.addNames(p, from.Aliases)
	}
	for i, from := range file.Providers {
		for _, id := range from.Fallback {
			if other := byID[id]; other != nil {
				t.providers[i].fallback = append(t.providers[i].fallback, other)
			}
		}
	}
	return t, nil
}

func (from *fileProvider) compile() (*provider, error) {
	p := &provider{id: from.ID, name: from.Name}
	for _, host := range from.Hosts {
		pattern, err := regexp.Compile("^(?:" + host[0] + ")")
		if err != nil {
			return nil, err
		}
		p.hosts = append(p.hosts, hostPattern{pattern, host[1]})
	}
	for _, m := range from.Models {
		match, err := compileRule(m.rule)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.id, err)
		}
		p.models = append(p.models, model{rule: match, prices: m.prices})
	}
	return p, nil
}

// addNames: the first provider of a name has it. An alias that a host of the provider's goes by
// is a name of its own (gcp.vertex_ai), any other stands for the provider's name.
func (t *table) addNames(p *provider, aliases []string) {
	add := func(key string, k known) {
		if _, taken := t.byName[key]; !taken {
			t.byName[key] = k
		}
	}
	add(normal(p.id), known{p, p.name})
	add(normal(p.name), known{p, p.name})
	for _, alias := range aliases {
		name := p.name
		for _, host := range p.hosts {
			if host.name == alias {
				name = alias
			}
		}
		add(normal(alias), known{p, name})
	}
}
