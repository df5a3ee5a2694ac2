// Ours: Grafana's alert list is in no package. It shows what Prometheus' API says of the same alerts.
import React from 'react';
import { PanelProps } from '@grafana/data';
import { useTheme2 } from '@grafana/ui';
import { get } from '../prometheus';
import { Nothing } from './values';

const FIRST = ['critical', 'warning', 'info'];

export function Alerts(_: PanelProps<any>) {
  const theme = useTheme2();
  const [alerts, setAlerts] = React.useState<any[]>();
  React.useEffect(() => {
    get('/api/v1/alerts').then((found) => setAlerts(found.alerts.filter((one: any) => one.labels.alertname !== 'Watchdog')));
  }, []);
  if (!alerts?.length) {
    return <Nothing>{alerts ? 'No alert is pending or fires.' : ''}</Nothing>;
  }
  const colours: Record<string, string> = { critical: theme.colors.error.text, warning: theme.colors.warning.text, info: theme.colors.info.text };
  const sorted = [...alerts].sort((a, b) => FIRST.indexOf(a.labels.severity) - FIRST.indexOf(b.labels.severity));
  return (
    <div style={{ height: '100%', overflow: 'hidden' }}>
      {sorted.map((alert, place) => (
        <div key={place} style={{ padding: '4px 8px', marginBottom: 4, background: theme.colors.background.secondary, fontSize: 12 }}>
          <b style={{ color: colours[alert.labels.severity] }}>{alert.labels.alertname}</b> {alert.state}
          <div>{alert.annotations.summary}</div>
        </div>
      ))}
    </div>
  );
}
