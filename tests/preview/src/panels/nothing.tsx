import React from 'react';
import { Nothing } from './values';

export function NoTempo() {
  return <Nothing>Asks Tempo, which this preview has not.</Nothing>;
}
