'use strict';
// What this CSMS does with each message of OCPP 2.0.1.

const ENERGY = 'Energy.Active.Import.Register';
const EVENTS = { Started: 'begun', Updated: 'updated', Ended: 'ended' };

function info({ idToken }) {
  return { status: idToken.startsWith('CARD-') ? 'Accepted' : 'Invalid' };
}

function inWh({ value, unitOfMeasure = {} }) {
  const factor = (unitOfMeasure.unit || 'Wh') === 'kWh' ? 1000 : 1;
  return value * factor * 10 ** (unitOfMeasure.multiplier || 0);
}

// The last register of a message; one that ends a transaction may carry all of its samples.
function registerOf(meterValues) {
  const samples = meterValues.flatMap((each) => each.sampledValue);
  const found = samples.filter((each) => (each.measurand || ENERGY) === ENERGY && !each.phase);
  return found.length ? inWh(found[found.length - 1]) : null;
}

exports.handlers = (tell) => ({
  BootNotification({ chargingStation, reason }) {
    tell('boot', { vendor: chargingStation.vendorName, model: chargingStation.model, reason });
    return { status: 'Accepted', currentTime: new Date().toISOString(), interval: 300 };
  },
  Heartbeat() {
    tell('heartbeat', {});
    return { currentTime: new Date().toISOString() };
  },
  StatusNotification({ evseId, connectorStatus }) {
    tell('status', { evse: evseId, status: connectorStatus });
    return {};
  },
  Authorize({ idToken }) {
    tell('authorize', { token: idToken.idToken });
    return { idTokenInfo: info(idToken) };
  },
  NotifyReport({ requestId, seqNo, tbc, reportData = [] }) {
    tell('report', { request: requestId, seq_no: seqNo, more: tbc || false, variables: reportData.length });
    return {};
  },
  TransactionEvent({ eventType, timestamp, seqNo, offline, transactionInfo, evse, idToken, meterValue = [] }) {
    tell(EVENTS[eventType], {
      transaction: transactionInfo.transactionId,
      evse: evse ? evse.id : null,
      token: idToken ? idToken.idToken : null,
      register_wh: registerOf(meterValue),
      reason: eventType === 'Ended' ? transactionInfo.stoppedReason || 'Local' : null,
      remote_start: transactionInfo.remoteStartId || null,
      seq_no: seqNo,
      offline: offline || false,
      at: timestamp,
    });
    return idToken ? { idTokenInfo: info(idToken) } : {};
  },
});
