// SPDX-License-Identifier: Apache-2.0

// Package pricing says what a model call costs: the public price list, compiled to integers by
// agentgauge's generator, and the user's own prices. It does what agentgauge's SDK does, to the
// nano-USD. Unknown is never zero: a server or model that the list does not know has no price.
package pricing
