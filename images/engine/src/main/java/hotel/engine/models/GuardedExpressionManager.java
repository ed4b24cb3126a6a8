package hotel.engine.models;

import jakarta.el.ArrayELResolver;
import jakarta.el.CompositeELResolver;
import jakarta.el.ELContext;
import jakarta.el.ELResolver;
import jakarta.el.ListELResolver;
import jakarta.el.MapELResolver;
import java.util.Map;
import org.operaton.bpm.engine.impl.el.JuelExpressionManager;
import org.operaton.bpm.engine.impl.el.ReadOnlyMapELResolver;
import org.operaton.bpm.engine.impl.el.VariableContextElResolver;
import org.operaton.bpm.engine.impl.el.VariableScopeElResolver;

/**
 * Expressions that see variables, what is known of the execution and the task, and the beans that the settings name.
 *
 * <p>It holds for every expression, whichever way it comes in: models, decisions, models from before.
 */
class GuardedExpressionManager extends JuelExpressionManager {

    private final Map<Object, Object> named;
    private final boolean everyMethod;

    GuardedExpressionManager(Map<Object, Object> named, boolean everyMethod) {
        super(named);
        this.named = named;
        this.everyMethod = everyMethod;
    }

    @Override
    protected ELResolver createElResolver() {
        if (everyMethod) {
            return super.createElResolver();
        }
        var resolver = new CompositeELResolver();
        resolver.add(new VariableScopeElResolver());
        resolver.add(new VariableContextElResolver());
        resolver.add(new ReadOnlyMapELResolver(named));
        resolver.add(new ArrayELResolver());
        resolver.add(new ListELResolver());
        resolver.add(new MapELResolver());
        resolver.add(new NamedBeanResolver(named));
        resolver.add(new GuardedResolver());
        return resolver;
    }

    /** Any method of a bean that the settings name: the administrator who named it has decided so. */
    private static class NamedBeanResolver extends org.operaton.bpm.engine.impl.el.AbstractElResolverDelegate {

        private final Map<Object, Object> named;
        private final ELResolver members = new jakarta.el.BeanELResolver(true);

        NamedBeanResolver(Map<Object, Object> named) {
            this.named = named;
        }

        @Override
        public Object getValue(ELContext context, Object base, Object property) {
            return isNamed(base) ? members.getValue(context, base, property) : null;
        }

        @Override
        public Object invoke(ELContext context, Object base, Object method, Class<?>[] types, Object[] parameters) {
            return isNamed(base) ? members.invoke(context, base, method, types, parameters) : null;
        }

        private boolean isNamed(Object base) {
            return base != null && named.values().stream().anyMatch(each -> each == base);
        }

        @Override
        protected ELResolver getElResolverDelegate() {
            return null;
        }
    }
}
