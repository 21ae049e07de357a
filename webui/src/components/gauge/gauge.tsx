/** Draws how much of a limit is used, next to the numbers. */
import './gauge.css';

const HIGH = 0.8;

/** @param props.share  of the limit; more than all of it is drawn as all */
export function Gauge({ share }: { share: number }) {
  return <span class={share > HIGH ? 'gauge high' : 'gauge'} style={{ '--share': `${share * 100}%` }} aria-hidden="true" />;
}
