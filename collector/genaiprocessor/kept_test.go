// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"
	"encoding/binary"
	"errors"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

var diskID = component.MustNewID("disk")

// disk is a storage extension with one client, and a host that has it.
type disk struct {
	component.StartFunc
	component.ShutdownFunc
	content map[string][]byte
	full    error
}

func (d *disk) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{diskID: d}
}

func (d *disk) GetClient(context.Context, component.Kind, component.ID, string) (storage.Client, error) {
	return d, nil
}

func (d *disk) Get(_ context.Context, key string) ([]byte, error) { return d.content[key], nil }

func (d *disk) Set(_ context.Context, key string, value []byte) error {
	if d.full == nil {
		d.content[key] = append([]byte{}, value...)
	}
	return d.full
}

func (d *disk) Delete(_ context.Context, key string) error {
	delete(d.content, key)
	return nil
}

func (d *disk) Batch(ctx context.Context, operations ...*storage.Operation) error {
	var errs []error
	for _, o := range operations {
		if o.Type == storage.Set {
			errs = append(errs, d.Set(ctx, o.Key, o.Value))
		} else {
			errs = append(errs, d.Delete(ctx, o.Key))
		}
	}
	return errors.Join(errs...)
}

func (d *disk) Close(context.Context) error { return nil }

func (d *disk) start(t *testing.T, limit int) *pipeline {
	t.Helper()
	p := newPipeline(t, func(c *Config) { c.Memory.Storage, c.Memory.Limit = &diskID, limit })
	require.NoError(t, p.Start(t.Context(), d))
	return p
}

func TestWhatWasToldIsKnownAfterAKill(t *testing.T) {
	d := &disk{content: map[string][]byte{}}
	require.NoError(t, d.start(t, defaultLimit).send(t, node{2, 1, request(7)}))
	require.NoError(t, d.start(t, defaultLimit).send(t, node{3, 0, request(7)}))
	p := d.start(t, defaultLimit)

	require.NoError(t, p.send(t, node{1, 0, request(7)}))
	require.NoError(t, p.send(t, node{4, 3, request(7)}))

	require.Empty(t, p.counted)
}

func TestOnDiskIsWhatIsInMemory(t *testing.T) {
	d := &disk{content: map[string][]byte{}}
	const limit = 2_000
	m := newMemory(&MemoryConfig{Window: defaultWindow, Limit: limit})
	require.NoError(t, m.restore(t.Context(), d, func(err error) { t.Error(err) }))
	for n := range uint64(7_777) {
		var key spanKey
		binary.BigEndian.PutUint64(key.span[:], n)
		m.settle([]note{{role: around, span: key}, {role: link, span: key, parent: key.span}}, true)
		if n%1_111 != 0 {
			continue
		}
		again := newMemory(&MemoryConfig{Window: defaultWindow, Limit: limit})
		require.NoError(t, again.restore(t.Context(), &disk{content: maps.Clone(d.content)}, func(err error) { t.Error(err) }))
		require.Equal(t, m.now, again.now)
		require.Equal(t, m.before, again.before)
		m = again // it was killed
		require.NoError(t, m.restore(t.Context(), d, func(err error) { t.Error(err) }))
	}
	require.Less(t, len(d.content), 12)
}

func TestAFullDiskCostsNoCallAndIsTold(t *testing.T) {
	d := &disk{content: map[string][]byte{}}
	p := d.start(t, defaultLimit)
	d.full = storage.ErrStorageFull

	require.NoError(t, p.send(t, node{2, 1, request(7)}))
	require.NoError(t, p.send(t, node{1, 0, request(7)}))

	require.Equal(t, map[byte]bool{2: true}, p.counted)
	require.Positive(t, p.ownMetric(t, "otelcol_genai_memory_errors"))
	d.full = nil
	require.NoError(t, p.send(t, node{9, 8, request(7)}))
	p = d.start(t, defaultLimit)
	require.NoError(t, p.send(t, node{1, 0, request(7)}), "it was written later")
	require.Empty(t, p.counted)
}

func TestAStorageThatIsNotThereStopsTheStart(t *testing.T) {
	p := newPipeline(t, func(c *Config) { c.Memory.Storage = &diskID })

	require.EqualError(t, p.Start(t.Context(), componenttest.NewNopHost()), `memory::storage: there is no extension "disk"`)
}
