// SPDX-License-Identifier: Apache-2.0

package pricing

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"sync"
)

var (
	//go:embed prices.json
	pricesJSON []byte
	//go:embed price_extras.json
	extrasJSON []byte
)

// table is the price list. It is compiled on the first look-up.
type table struct {
	providers []*provider
	byName    map[string]known

	mu     sync.Mutex
	listed map[listKey]*model
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
	tiers  []tiered
}

// tiered are the rates of a model in a service tier.
type tiered struct {
	name string
	conditional
}

// known is a provider under one of its names.
type known struct {
	provider *provider
	name     string
}

var list = sync.OnceValues(func() (*table, error) { return readTable(pricesJSON, extrasJSON) })

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

// fileExtras are what the list has beside the usual rates, by provider and model.
type fileExtras map[string]map[string]struct {
	Tiers []fileTier `json:"tiers"`
}

func readTable(data, extras []byte) (*table, error) {
	var beside struct {
		Providers fileExtras `json:"providers"`
	}
	if err := json.Unmarshal(extras, &beside); err != nil {
		return nil, fmt.Errorf("read the price list's tiers: %w", err)
	}
	var file struct {
		Providers []fileProvider `json:"providers"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("read the price list: %w", err)
	}
	t := &table{byName: map[string]known{}, listed: map[listKey]*model{}}
	byID := map[string]*provider{}
	for _, from := range file.Providers {
		p, err := from.compile(beside.Providers)
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

func (from *fileProvider) compile(extras fileExtras) (*provider, error) {
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
		compiled := model{rule: match, prices: m.prices}
		for _, t := range extras[from.ID][m.id].Tiers {
			price, err := t.compile()
			if err != nil {
				return nil, fmt.Errorf("%s in %s: %w", m.id, t.Tier, err)
			}
			compiled.tiers = append(compiled.tiers, tiered{t.Tier, price})
		}
		p.models = append(p.models, compiled)
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
