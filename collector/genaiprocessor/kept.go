// SPDX-License-Identifier: Apache-2.0

package genaiprocessor

import (
	"context"
	"encoding/binary"
	"fmt"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/extension/xextension/storage"
)

// kept is a memory on disk: each generation's notes in blocks, of which the last one grows.
type kept struct {
	client storage.Client
	// generation is the number of the newest, whose blocks before block are full.
	generation, block uint64
	// older is the number of blocks of the generation before.
	older uint64
	// content of the block that grows; unwritten says that the disk does not have all of it.
	content   []byte
	unwritten bool
	// failed is told of what could not be written.
	failed func(error)
}

const (
	generationKey = "v1/generation"
	// noteBytes: role, trace id, span id, parent's span id.
	noteBytes  = 1 + 16 + 8 + 8
	blockBytes = 500 * noteBytes
)

func blockKey(generation, block uint64) string { return fmt.Sprintf("v1/%d/%d", generation, block) }

// openKept gives the client of the storage extension that the configuration names.
func openKept(ctx context.Context, host component.Host, id component.ID, of component.ID) (storage.Client, error) {
	found, is := host.GetExtensions()[id]
	if !is {
		return nil, fmt.Errorf("memory::storage: there is no extension %q", id)
	}
	extension, is := found.(storage.Extension)
	if !is {
		return nil, fmt.Errorf("memory::storage: the extension %q is no storage", id)
	}
	client, err := extension.GetClient(ctx, component.KindProcessor, of, "memory")
	if err != nil {
		return nil, fmt.Errorf("memory::storage: %w", err)
	}
	return client, nil
}

// restore reads what an earlier process remembered, and goes on from there.
func (m *memory) restore(ctx context.Context, client storage.Client, failed func(error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := &kept{client: client, failed: failed}
	number, err := client.Get(ctx, generationKey)
	if err != nil {
		return fmt.Errorf("memory::storage: %w", err)
	}
	if len(number) == 8 {
		k.generation = binary.BigEndian.Uint64(number)
	}
	if k.generation > 0 {
		if k.older, _, err = k.read(ctx, k.generation-1, &m.before); err != nil {
			return err
		}
	}
	var last []byte
	if k.block, last, err = k.read(ctx, k.generation, &m.now); err != nil {
		return err
	}
	if k.block > 0 && len(last) < blockBytes {
		k.block--
		k.content = append(k.content, last...)
	}
	m.kept = k
	return nil
}

// read takes the blocks of a generation, and gives their number and the last one.
func (k *kept) read(ctx context.Context, generation uint64, into *generation) (blocks uint64, last []byte, err error) {
	for ; ; blocks++ {
		content, err := k.client.Get(ctx, blockKey(generation, blocks))
		if err != nil {
			return blocks, last, fmt.Errorf("memory::storage: %w", err)
		}
		if content == nil {
			return blocks, last, nil
		}
		if len(content)%noteBytes != 0 {
			k.failed(fmt.Errorf("block %s is not what was written", blockKey(generation, blocks)))
			content = content[:len(content)/noteBytes*noteBytes]
		}
		last = content
		for rest := content; len(rest) > 0; rest = rest[noteBytes:] {
			n := note{role: role(rest[0])}
			copy(n.span.trace[:], rest[1:17])
			copy(n.span.span[:], rest[17:25])
			copy(n.parent[:], rest[25:noteBytes])
			into.add(n)
		}
	}
}

func (k *kept) add(n note) {
	k.content = append(k.content, byte(n.role))
	k.content = append(k.content, n.span.trace[:]...)
	k.content = append(k.content, n.span.span[:]...)
	k.content = append(k.content, n.parent[:]...)
	k.unwritten = true
	if len(k.content) >= blockBytes {
		k.write()
		k.block++
		k.content = k.content[:0]
	}
}

// write puts down the block that grows. What fails is only missed by a later start.
func (k *kept) write() {
	if !k.unwritten {
		return
	}
	k.unwritten = false
	if err := k.client.Set(context.Background(), blockKey(k.generation, k.block), k.content); err != nil {
		k.failed(err)
		k.unwritten = true
	}
}

// turn begins a generation and drops the blocks of the last but one.
func (k *kept) turn() {
	k.write()
	used := k.block
	if len(k.content) > 0 {
		used++
	}
	operations := []*storage.Operation{
		storage.SetOperation(generationKey, binary.BigEndian.AppendUint64(nil, k.generation+1)),
	}
	for block := range k.older {
		operations = append(operations, storage.DeleteOperation(blockKey(k.generation-1, block)))
	}
	if err := k.client.Batch(context.Background(), operations...); err != nil {
		k.failed(err)
	}
	k.generation, k.block, k.older, k.content, k.unwritten = k.generation+1, 0, used, k.content[:0], false
}
