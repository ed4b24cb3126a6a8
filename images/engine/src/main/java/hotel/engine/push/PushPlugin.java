package hotel.engine.push;

import java.util.ArrayList;
import java.util.List;
import org.operaton.bpm.engine.impl.cfg.AbstractProcessEnginePlugin;
import org.operaton.bpm.engine.impl.cfg.ProcessEngineConfigurationImpl;
import org.operaton.bpm.engine.impl.cfg.TransactionState;
import org.operaton.bpm.engine.impl.context.Context;
import org.operaton.bpm.engine.impl.interceptor.Session;
import org.operaton.bpm.engine.impl.interceptor.SessionFactory;
import org.operaton.bpm.engine.impl.persistence.entity.ExternalTaskEntity;
import org.operaton.bpm.engine.impl.persistence.entity.ExternalTaskManager;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;

/** Lets the engine push the topics of new external tasks, after the transaction that has made them. */
@Component
class PushPlugin extends AbstractProcessEnginePlugin implements DisposableBean {

    private final Pushes pushes;

    PushPlugin(PushSettings settings) {
        pushes = settings.enabled() ? new Pushes(settings.address(), settings.token()) : null;
    }

    @Override
    public void preInit(ProcessEngineConfigurationImpl configuration) {
        if (pushes == null) {
            return;
        }
        var factories = new ArrayList<SessionFactory>();
        if (configuration.getCustomSessionFactories() != null) {
            factories.addAll(configuration.getCustomSessionFactories());
        }
        factories.addAll(List.of(new Managers(pushes)));
        configuration.setCustomSessionFactories(factories);
    }

    @Override
    public void destroy() {
        if (pushes != null) {
            pushes.close();
        }
    }

    private record Managers(Pushes pushes) implements SessionFactory {

        @Override
        public Class<?> getSessionType() {
            return ExternalTaskManager.class;
        }

        @Override
        public Session openSession() {
            return new PushingManager(pushes);
        }
    }

    private static class PushingManager extends ExternalTaskManager {

        private final Pushes pushes;

        PushingManager(Pushes pushes) {
            this.pushes = pushes;
        }

        @Override
        public void insert(ExternalTaskEntity task) {
            super.insert(task);
            var topic = task.getTopicName();
            Context.getCommandContext()
                    .getTransactionContext()
                    .addTransactionListener(TransactionState.COMMITTED, context -> pushes.note(topic));
        }
    }
}
