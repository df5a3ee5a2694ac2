// SPDX-License-Identifier: Apache-2.0

package usageconnector

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

var spanKinds = []string{"unspecified", "internal", "server", "client", "producer", "consumer"}

// FilterConfig holds conditions; a span passes when all of them hold.
type FilterConfig struct {
	// Kinds of span, any of: unspecified, internal, server, client, producer, consumer.
	Kinds      []string          `mapstructure:"kinds"`
	Attributes []ConditionConfig `mapstructure:"attributes"`
	// ArrivedAfter passes spans that arrive more than this after their end.
	ArrivedAfter time.Duration `mapstructure:"arrived_after"`
}

// ConditionConfig is one condition on a span attribute: exactly one of equals, in, exists.
// Numbers and booleans are compared by their text.
type ConditionConfig struct {
	Attribute string   `mapstructure:"attribute"`
	Equals    string   `mapstructure:"equals"`
	In        []string `mapstructure:"in"`
	Exists    *bool    `mapstructure:"exists"`
}

// Validate names the wrong key of a filter.
func (f *FilterConfig) Validate() error {
	var errs []error
	for i, kind := range f.Kinds {
		if !slices.Contains(spanKinds, kind) {
			errs = append(errs, fmt.Errorf("kinds::%d: must be one of %s, got %q", i, strings.Join(spanKinds, ", "), kind))
		}
	}
	if f.ArrivedAfter < 0 {
		errs = append(errs, fmt.Errorf("arrived_after: must not be negative, got %s", f.ArrivedAfter))
	}
	return oneLine(errs)
}

// Validate names the wrong key of a condition.
func (c *ConditionConfig) Validate() error {
	if c.Attribute == "" {
		return errors.New("attribute: must not be empty")
	}
	tests := 0
	for _, given := range []bool{c.Equals != "", len(c.In) > 0, c.Exists != nil} {
		if given {
			tests++
		}
	}
	if tests != 1 {
		return fmt.Errorf("equals: exactly one of equals, in, exists is needed for %q, got %d", c.Attribute, tests)
	}
	return nil
}
